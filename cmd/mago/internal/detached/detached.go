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

// Make makes a directory for requests. One that holds some already is an error: nothing of what somebody is to sign is mixed. One that
// a killed run has left is written again.
func Make(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	mark := filepath.Join(dir, unfinished)
	if _, err := os.Lstat(mark); err == nil {
		return os.RemoveAll(Work(dir))
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return cmp.Or(err, error(&Error{dir, errors.New("the directory is not empty")}))
	}
	return os.WriteFile(mark, nil, 0o644)
}

// Work is a directory for what requests are made of, below one that is not finished yet. Who makes it removes it; where that is killed,
// Make does.
func Work(dir string) string { return filepath.Join(dir, ".work") }

// Take copies a module into the directory, and completes its request.
func (r *Request) Take(dir, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	r.File, r.Size = filepath.Join(r.Module, r.Kernel, filepath.Base(file)), int64(len(text))
	sum := sha256.Sum256(text)
	r.SHA256 = hex.EncodeToString(sum[:])
	to := filepath.Join(dir, r.File)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

// Write makes the list. The modules lie in the directory already, which is finished then.
func Write(dir string, requests []Request) error {
	text, err := json.MarshalIndent(list{format, requests}, "", "  ")
	if err != nil {
		return err
	}
	mark := filepath.Join(dir, unfinished)
	file, err := os.OpenFile(mark, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(mark, filepath.Join(dir, listFile))
}

// Read reads the list. The error is an *Error.
func Read(dir string) ([]Request, error) {
	name := filepath.Join(dir, listFile)
	text, err := os.ReadFile(name)
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

// open gives a module's bytes, which have to be those that the list tells.
func (r Request) open(in *os.Root) ([]byte, error) {
	text, err := in.ReadFile(r.File)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != r.SHA256 {
		return nil, &Error{r.File, errors.New("it is not the file that was to be signed: its SHA-256 is another")}
	}
	return text, nil
}

// isModule reports whether bytes are those of a kernel module: an ELF file that can be relocated (elf(5)). Nothing else is signed: a key
// for modules is not for kernels.
func isModule(text []byte) bool {
	const relocatable = 1
	return len(text) > 18 && string(text[:4]) == "\x7fELF" && text[16]+text[17] == relocatable
}

// writeSigner leaves the certificate that has signed, and its root's.
func writeSigner(in *os.Root, chain []*x509.Certificate) error {
	var text []byte
	for _, c := range chain {
		text = append(text, signing.FormatCertificate(c)...)
	}
	return in.WriteFile(signerFile, text, 0o644)
}
