package esl

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// GUID is a GUID as UEFI stores it: its first three numbers are little-endian (UEFI 2.10, appendix A).
type GUID [16]byte

// Types of entries (UEFI 2.10, 32.4.1), owners and namespaces of variables.
var (
	X509       = mustGUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072") // a certificate in DER
	SHA224     = mustGUID("0b6e5233-a65c-44c9-9407-d9ab83bfc8bd") // the hash of a program
	SHA256     = mustGUID("c1c41626-504c-4092-aca9-41f936934328") // likewise, and Debian's kernels heed that of a module's file
	SHA384     = mustGUID("ff3e5307-9fd0-48c9-85f1-8ad56c701e01")
	SHA512     = mustGUID("093e0fae-a6c4-4f50-9f1b-d41e2b89c19a")
	X509SHA256 = mustGUID("3bd2a492-96c0-4079-b420-fcf98ef103ed") // the hash of a certificate's TBSCertificate, and a time
	X509SHA384 = mustGUID("7076876e-80c2-4ee6-aad2-28b349a6865b")
	X509SHA512 = mustGUID("446dbf63-2502-4cda-bcfa-2465d2b0fe9d")

	Global   = mustGUID("8be4df61-93ca-11d2-aa0d-00e098032b8c") // SecureBoot, SetupMode, PK, KEK
	Database = mustGUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f") // db, dbx
	Shim     = mustGUID("605dab50-e046-4300-abb6-3dd810dd8b23") // MokListRT and the like

	pkcs7 = mustGUID("4aafd29d-68df-49ee-8aa9-347d375665a7")
)

// ParseGUID reads a GUID of the form a5c059a1-94e4-4aa7-87b5-ab155c2bf072.
func ParseGUID(text string) (GUID, error) {
	var g GUID
	plain, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(plain) != len(g) || formatted(plain) != strings.ToLower(text) {
		return GUID{}, fmt.Errorf("%q is not a GUID such as a5c059a1-94e4-4aa7-87b5-ab155c2bf072", text)
	}
	copy(g[:], plain)
	return g.swapped(), nil
}

func mustGUID(text string) GUID {
	g, err := ParseGUID(text)
	if err != nil {
		panic(err)
	}
	return g
}

func (g GUID) String() string {
	plain := g.swapped()
	return formatted(plain[:])
}

func formatted(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// swapped turns the order in memory into the order in text, and back.
func (g GUID) swapped() GUID {
	s := g
	binary.BigEndian.PutUint32(s[:], binary.LittleEndian.Uint32(g[:]))
	binary.BigEndian.PutUint16(s[4:], binary.LittleEndian.Uint16(g[4:]))
	binary.BigEndian.PutUint16(s[6:], binary.LittleEndian.Uint16(g[6:]))
	return s
}
