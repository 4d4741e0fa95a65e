// Package detached has modules signed on another machine than the one that builds: the builder writes what is to be signed into a
// directory, a machine that has the key signs what lies there, and the builder takes the signatures. The key is never on the builder,
// and nothing but the directory goes from one to the other.
package detached

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"mago/kbuild/foreign"
	"mago/kbuild/signing"
)

// format is that of the list.
const format = 1

// The files of a directory, beside the modules.
const (
	listFile   = "requests.json" // what is to be signed
	signerFile = "signer.pem"    // the certificate that has signed, and its root's where it has one
	unfinished = ".unfinished"   // of a directory that has not got all of its modules, in place of the list
	ending     = ".p7s"          // of a module's signature, beside the module
)

// Request is a module that is to be signed, as it is without a signature.
type Request struct {
	Module  string `json:"module"` // mago's name of the unit's module
	Kernel  string `json:"kernel"` // release
	Package string `json:"package"`
	Version string `json:"version"` // of the package
	Deb     string `json:"deb_sha256"`
	Name    string `json:"name"` // of the kernel module
	File    string `json:"file"` // below the directory
	Hash    string `json:"hash"` // that the kernel wants
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
}

// list is what listFile holds.
type list struct {
	Format   int       `json:"format"`
	Requests []Request `json:"requests"`
}

// Error is something wrong with a file of the directory.
type Error struct {
	File string
	Err  error
}

func (e *Error) Error() string { return e.File + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// maxModule and maxText bound, in bytes, what is read of a directory that others may write to.
const (
	maxModule = 1 << 30
	maxText   = 64 << 20
)

// Dir is a directory of requests. Nothing in it leads out of it: root may work in one that somebody else can write to.
type Dir struct {
	name string
	root *os.Root
}

// Open opens a directory. The caller closes it. The error is an *Error.
func Open(name string) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such directory: write the requests with mago sign --requests on the machine that builds")
	}
	if err != nil {
		return nil, &Error{name, err}
	}
	return &Dir{name, root}, nil
}

// Make makes a directory, and opens it. One that holds something is an *Error: nothing of what somebody is to sign is mixed. One that a
// killed run has left is written again.
func Make(name string) (*Dir, error) {
	if err := os.MkdirAll(name, 0o700); err != nil { // a source may be closed to others
		return nil, err
	}
	d, err := Open(name)
	if err != nil {
		return nil, err
	}
	if err := d.mark(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// mark says that a directory is not finished yet.
func (d *Dir) mark() error {
	if _, err := d.root.Lstat(unfinished); err == nil {
		return nil
	}
	if entries, err := fs.ReadDir(d.root.FS(), "."); err != nil || len(entries) > 0 {
		return cmp.Or(err, error(&Error{d.name, errors.New("the directory is not empty")}))
	}
	return d.write(unfinished, nil)
}

// Drop removes a directory for which there was nothing to ask.
func (d *Dir) Drop() error { return errors.Join(d.root.Remove(unfinished), os.Remove(d.name)) }

// Close lets go of the directory.
func (d *Dir) Close() error { return d.root.Close() }

// Take copies a module into the directory, and completes its request.
func (d *Dir) Take(r *Request, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r.File, r.Size = filepath.Join(r.Module, r.Kernel, filepath.Base(file)), int64(len(text))
	r.SHA256 = sumOf(text)
	if err := d.root.MkdirAll(filepath.Dir(r.File), 0o755); err != nil {
		return err
	}
	return d.write(r.File, text)
}

// Write makes the list, once the modules lie there: without it nothing is signed, and the directory is finished with it.
func (d *Dir) Write(requests []Request) error {
	text, err := json.MarshalIndent(list{format, requests}, "", "  ")
	if err != nil {
		return err
	}
	if err := d.write(unfinished, append(text, '\n')); err != nil {
		return err
	}
	return d.root.Rename(unfinished, listFile)
}

// Requests reads the list. The error is an *Error.
func (d *Dir) Requests() ([]Request, error) {
	name := filepath.Join(d.name, listFile)
	text, err := foreign.ReadText(d.root, listFile, maxText)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{name, errors.New("there is no such file: write the requests with mago sign --requests on the machine that builds")}
	}
	if err != nil {
		return nil, &Error{name, err}
	}
	var l list
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, &Error{name, err}
	}
	if l.Format != format {
		return nil, &Error{name, fmt.Errorf("it has the format %d, and this mago reads %d", l.Format, format)}
	}
	for _, r := range l.Requests {
		if !filepath.IsLocal(r.File) {
			return nil, &Error{name, fmt.Errorf("%q is not below the directory", r.File)}
		}
	}
	return l.Requests, nil
}

// write makes a file anew, in the place of whatever has its name.
func (d *Dir) write(name string, text []byte) error {
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// module gives a module's bytes, which have to be those that the list tells.
func (d *Dir) module(r Request) ([]byte, error) {
	text, err := foreign.ReadText(d.root, r.File, maxModule)
	if err == nil && sumOf(text) != r.SHA256 {
		err = errors.New("it is not the file that was to be signed: its SHA-256 is another")
	}
	if err != nil {
		return nil, &Error{r.File, err}
	}
	return text, nil
}

func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// isModule reports whether bytes are those of a kernel module: an ELF file that can be relocated (elf(5)). Nothing else is signed: a key
// for modules is not for kernels.
func isModule(text []byte) bool {
	relocatable := map[string]bool{"\x01\x00": true, "\x00\x01": true} // in either byte order
	return len(text) > 18 && string(text[:4]) == "\x7fELF" && relocatable[string(text[16:18])]
}

// writeSigner leaves the certificate that has signed, and its root's.
func (d *Dir) writeSigner(chain []*x509.Certificate) error {
	var text []byte
	for _, c := range chain {
		text = append(text, signing.FormatCertificate(c)...)
	}
	return d.write(signerFile, text)
}
