package soak

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mago/debpkg/codec"
	"mago/kbuild/signing"
)

// contents is what a package says of signatures, and what its modules have.
type contents struct {
	description string
	signers     map[string]string // the SHA-256 of the certificate that has signed a module, "" for none, by the module's path
}

// damagedSignatures compares the modules of packages with what their records and descriptions say of signatures.
func (m *machine) damagedSignatures(p places) (all []finding) {
	for _, r := range m.records(p) {
		c, err := m.contentsOf(r)
		if err == nil {
			err = r.fits(c)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // see damagedRecords
			all = append(all, finding{corrupted, fmt.Sprintf("%s: %v", r.Deb, err)})
		}
	}
	return all
}

// unsigned finds builds that nobody has signed: this machine has a key.
func (m *machine) unsigned(p places) (all []finding) {
	for _, r := range m.records(p) {
		if r.Signed == nil {
			all = append(all, finding{lost, r.Deb + " is not signed"})
		}
	}
	return all
}

// records are those of good builds; see damagedRecords for others.
func (m *machine) records(p places) (all []record) {
	for _, file := range m.glob(filepath.Join(p.cache, "builds", "*", "*", "record.json")) {
		var r record
		text, _ := os.ReadFile(file) // none is no record
		if json.Unmarshal(text, &r) == nil && r.Result == "built" {
			all = append(all, r)
		}
	}
	return all
}

// fits says what is wrong about the signatures in a record's package.
func (r record) fits(c contents) error {
	want, says := map[string]string{}, "The modules are not signed"
	for path := range c.signers {
		want[path] = ""
	}
	if r.Signed != nil {
		says = "SHA-256 " + r.Signed.SHA256
		for _, path := range r.Signed.Modules {
			want[strings.TrimPrefix(path, "/")] = r.Signed.SHA256
		}
	}
	if !maps.Equal(want, c.signers) {
		return fmt.Errorf("its record says %v, and the modules are signed by %v", want, c.signers)
	}
	if !strings.Contains(c.description, says) {
		return fmt.Errorf("no %q in its description:\n%s", says, c.description)
	}
	return nil
}

// contentsOf looks into a record's package, once for each.
func (m *machine) contentsOf(r record) (c contents, err error) {
	if c, seen := m.signed[r.SHA256]; seen {
		return c, nil
	}
	dir, err := os.MkdirTemp("", "soak-")
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(dir)
	deb := m.Path(r.Deb)
	if _, err := os.Stat(deb); err != nil {
		return c, err
	}
	text, err := exec.Command("dpkg-deb", "--field", deb, "Description").Output()
	if err == nil {
		err = exec.Command("dpkg-deb", "--extract", deb, dir).Run()
	}
	if err != nil {
		return c, err
	}
	c.description = strings.Join(strings.Fields(string(text)), " ")
	if c.signers, err = signers(os.DirFS(dir)); err == nil {
		m.signed[r.SHA256] = c
	}
	return c, err
}

// signers are those of all modules below a directory.
func signers(dir fs.FS) (map[string]string, error) {
	all := map[string]string{}
	err := fs.WalkDir(dir, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.Contains(entry.Name(), ".ko") {
			return err
		}
		file, err := dir.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		c, err := signer(file)
		if err == nil {
			all[path] = fingerprint(c)
			return nil
		}
		return fmt.Errorf("%s: %w", path, err)
	})
	return all, err
}

func fingerprint(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// signer is the certificate, held by a module's good signature, that has signed it; nil where it has no signature.
func signer(module io.Reader) (*x509.Certificate, error) {
	plain, _, err := codec.NewReader(module)
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	text, err := io.ReadAll(plain)
	if err != nil {
		return nil, err
	}
	length, message, err := signing.Unsigned(bytes.NewReader(text), int64(len(text)))
	if err != nil || message == nil {
		return nil, err
	}
	if _, another, err := signing.Unsigned(bytes.NewReader(text), length); err != nil || another != nil {
		return nil, errors.Join(err, errors.New("it is signed twice"))
	}
	s, err := signing.Parse(message)
	if err != nil || len(s.Certificates) != 1 {
		return nil, errors.Join(err, fmt.Errorf("its signature holds %d certificates", len(s.Certificates)))
	}
	sum := sha256.Sum256(text[:length])
	return s.Certificates[0], signing.Verify(message, sum[:], crypto.SHA256, s.Certificates[0])
}
