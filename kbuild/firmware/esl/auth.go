package esl

import (
	"crypto"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"time"
	"unicode/utf16"
)

// Attributes of a variable (UEFI 2.10, 8.2.1).
const (
	nonVolatile   = 0x01
	bootService   = 0x02
	runtime       = 0x04
	authenticated = 0x20 // by a time and a signature
	appending     = 0x40
)

// Update is a change of an authenticated variable.
type Update struct {
	Name    string // db, dbx, KEK, PK
	GUID    GUID   // Database for db and dbx, Global for KEK and PK
	Time    time.Time
	Append  bool   // Content is added to what the variable holds; else it takes its place, where Time is later than the last
	Content []byte // what Encode has written; nothing, without Append, deletes the variable
}

// Sign writes the update as firmware takes it: an EFI_VARIABLE_AUTHENTICATION_2 and the content (UEFI 2.10, 8.2.2), which
// KeyTool, efi-updatevar and fwupd read from a file, mostly called NAME.auth. The signer is the key of PK or KEK, or, in setup
// mode, any; certificate is its certificate. The key must be RSA: firmware knows no other.
func (u Update) Sign(key crypto.Signer, certificate *x509.Certificate) ([]byte, error) {
	signature, err := signedData(u.signed(), key, certificate)
	if err != nil {
		return nil, err
	}
	stamp := efiTime(u.Time)
	data := slices.Clone(stamp[:])
	data = binary.LittleEndian.AppendUint32(data, uint32(24+len(signature))) // WIN_CERTIFICATE_UEFI_GUID, all of it
	data = binary.LittleEndian.AppendUint16(data, 0x0200)                    // its revision
	data = binary.LittleEndian.AppendUint16(data, 0x0ef1)                    // WIN_CERT_TYPE_EFI_GUID
	return slices.Concat(data, pkcs7[:], signature, u.Content), nil
}

// signed is what the signature is of: name, GUID, attributes, time and content.
func (u Update) signed() (data []byte) {
	for _, unit := range utf16.Encode([]rune(u.Name)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	data = append(data, u.GUID[:]...)
	data = binary.LittleEndian.AppendUint32(data, u.attributes())
	stamp := efiTime(u.Time)
	return slices.Concat(data, stamp[:], u.Content)
}

func (u Update) attributes() uint32 {
	if u.Append {
		return nonVolatile | bootService | runtime | authenticated | appending
	}
	return nonVolatile | bootService | runtime | authenticated
}

// efiTime is an EFI_TIME in UTC to the second, all zero for the zero time, as both uses of it want.
func efiTime(t time.Time) (stamp [16]byte) {
	if t.IsZero() {
		return stamp
	}
	t = t.UTC()
	binary.LittleEndian.PutUint16(stamp[:], uint16(t.Year()))
	stamp[2], stamp[3] = byte(t.Month()), byte(t.Day())
	stamp[4], stamp[5], stamp[6] = byte(t.Hour()), byte(t.Minute()), byte(t.Second())
	return stamp
}
