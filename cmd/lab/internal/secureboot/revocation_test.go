package secureboot

import (
	"encoding/hex"
	"strings"
	"testing"
)

// TestSignatureList has the list that mokutil --mokx --import-hash writes, but for its owner.
func TestSignatureList(t *testing.T) {
	want := strings.Join([]string{
		"2616c4c14c509240aca941f936934328", // EFI_CERT_SHA256_GUID
		"4c000000", "00000000", "30000000", // the list's size, no header, an entry's size
		"50ab5d6046e00043abb63dd810dd8b23",                                 // shim
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // of abc, FIPS 180-2's example
	}, "")
	if got := hex.EncodeToString(FileHash([]byte("abc")).signatureList()); got != want {
		t.Errorf("signatureList is\n%s, want\n%s", got, want)
	}
}
