package keyring

import (
	"crypto/x509"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"mago/kbuild/firmware/esl"
	"mago/kbuild/signing"
)

// File is a file that somebody takes elsewhere.
type File struct {
	Name string
	Text []byte
	For  string // what it is for
}

// ExportMOK is what enrolls a key as a machine owner's.
func ExportMOK(k Key) []File {
	return []File{{"mago-mok.der", k.Enrolled().Raw, "for mokutil --import, and for firmware menus that take certificates"}}
}

// ExportDB is what enrolls a key in db: the entry is added to what is there. In setup mode firmware takes an update whoever has
// signed it, if it is signed at all (UEFI 2.10, 32.3.5).
func ExportDB(k Key, signer *signing.Signer, now time.Time) ([]File, error) {
	list := esl.Encode(esl.Certificate(owner(k.Enrolled()), k.Enrolled()))
	update := esl.Update{Name: "db", GUID: esl.Database, Time: now, Append: true, Content: list}
	signed, err := update.Sign(signer.Key, signer.Certificate)
	if err != nil {
		return nil, &Error{k.Path, err}
	}
	return []File{
		{"mago-db.esl", list, "for firmware menus that append to db, and for sign-efi-sig-list with a PK or KEK of your own"},
		{"mago-db.auth", signed, "for efi-updatevar -a -f (after chattr -i of efivars/db-* where there is one) and KeyTool, in setup mode only"},
	}, nil
}

// owner is the GUID that an entry of a key has for its owner, the same for each of its entries: the beginning of its key identifier.
func owner(c *x509.Certificate) (g esl.GUID) {
	copy(g[:], c.SubjectKeyId)
	return g
}

// Save writes the file, whole or not at all, for everybody to read.
func (f File) Save(path string) error {
	return renameio.WriteFile(path, f.Text, 0o644, renameio.WithTempDir(filepath.Dir(path)))
}
