// Package detached has modules signed on another machine than the one that builds: the builder writes what is to be signed into a
// directory, a machine that has the key signs what lies there, and the builder takes the signatures. The key is never on the builder,
// and nothing but the directory goes from one to the other.
package detached

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"syscall"

	"mago/kbuild/foreign"
)

// The files of a directory, beside the modules.
const (
	listFile   = "requests.json"    // what is to be signed
	signerFile = "signer.pem"       // the certificate that has signed, and its root's where it has one
	enrollFile = "mok.der"          // of these the one that machines have to trust, as mokutil takes it
	unfinished = ".mago-unfinished" // of a directory that has not got all of its modules, in place of the list
	ending     = ".p7s"             // of a module's signature, beside the module
)

// Error is something wrong with a file of the directory.
type Error struct {
	File string
	Err  error
}

func (e *Error) Error() string { return e.File + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// BusyError is a directory that another process works in.
type BusyError struct{ Dir string }

func (e *BusyError) Error() string { return e.Dir + ": another mago is working in this directory" }

// maxModule and maxText bound, in bytes, what is read of a directory that others may write to.
const (
	maxModule = 1 << 30
	maxText   = 64 << 20
)

// Dir is a directory of requests, which one process at a time has. Nothing in it leads out of it: root may work in one that somebody
// else can write to.
type Dir struct {
	name string
	root *os.Root
	held *os.File // the directory, locked
}

// Open opens a directory. The caller closes it. The error is an *Error or a *BusyError.
func Open(name string) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("there is no such directory: write the requests with mago sign --requests on the machine that builds")
	}
	if err != nil {
		return nil, &Error{name, err}
	}
	d := &Dir{name: name, root: root}
	if err := d.lock(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// lock keeps others out until the directory is closed (flock(2)), where its file system knows locks.
func (d *Dir) lock() (err error) {
	if d.held, err = d.root.Open("."); err != nil {
		return &Error{d.name, err}
	}
	if errors.Is(syscall.Flock(int(d.held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK) {
		return &BusyError{d.name}
	}
	return nil
}

// Close lets go of the directory.
func (d *Dir) Close() error {
	if d.held != nil {
		return errors.Join(d.held.Close(), d.root.Close())
	}
	return d.root.Close()
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
