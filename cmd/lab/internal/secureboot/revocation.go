package secureboot

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
)

// Revocation is an entry of a list of what is revoked.
type Revocation struct {
	kind guid
	data []byte
}

// guid is an EFI_GUID as it lies in memory.
type guid [16]byte

// The kinds of entries are UEFI 2.10's, 32.4.1.
var (
	x509Kind       = guid{0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72}
	x509SHA256Kind = guid{0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40, 0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1, 0x03, 0xed}
	sha256Kind     = guid{0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28}
	shimOwner      = guid{0x50, 0xab, 0x5d, 0x60, 0x46, 0xe0, 0x00, 0x43, 0xab, 0xb6, 0x3d, 0xd8, 0x10, 0xdd, 0x8b, 0x23}
)

// Certificate revokes a certificate as mokutil --mokx --import does.
func Certificate(c *x509.Certificate) Revocation { return Revocation{x509Kind, c.Raw} }

// CertificateHash revokes a certificate by the hash of what is signed of it. UEFI wants the time of revocation after the hash;
// kernels take that for a part of the hash (uefi_blacklist_x509_tbs), which then is no certificate's, so it is left out.
func CertificateHash(c *x509.Certificate) Revocation {
	hash := sha256.Sum256(c.RawTBSCertificate)
	return Revocation{x509SHA256Kind, hash[:]}
}

// TimedCertificateHash is CertificateHash with a time of revocation, long ago.
func TimedCertificateHash(c *x509.Certificate) Revocation {
	const efiTime = 16
	return Revocation{x509SHA256Kind, append(CertificateHash(c).data, make([]byte, efiTime)...)}
}

// FileHash revokes one file, as mokutil --mokx --import-hash does: of a module its signature counts, too.
func FileHash(file []byte) Revocation {
	hash := sha256.Sum256(file)
	return Revocation{sha256Kind, hash[:]}
}

// signatureList is an EFI_SIGNATURE_LIST of this one entry.
func (r Revocation) signatureList() []byte {
	const header = 28
	size := len(shimOwner) + len(r.data)
	var list bytes.Buffer
	list.Write(r.kind[:])
	for _, n := range []int{header + size, 0, size} {
		list.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
	}
	list.Write(shimOwner[:])
	list.Write(r.data)
	return list.Bytes()
}
