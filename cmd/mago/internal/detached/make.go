package detached

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Make makes a directory, and opens it. One that holds something is an *Error: nothing of what somebody is to sign is mixed. One that a
// killed run has left is emptied first.
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

// Free says why requests cannot be written into a directory: it holds something already. The error is an *Error or a *BusyError.
func Free(name string) error {
	if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	d, err := Open(name)
	if err != nil {
		return err
	}
	_, err = d.left()
	return errors.Join(err, d.Close())
}

// left are the files that a killed run has left. The error is an *Error where they are somebody else's.
func (d *Dir) left() (names []string, err error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, &Error{d.name, err}
	}
	marked := false
	for _, e := range entries {
		if e.Name() == unfinished {
			marked = true
		} else {
			names = append(names, e.Name())
		}
	}
	if len(names) > 0 && !marked {
		return nil, &Error{d.name, errors.New("the directory is not empty: name a new one, or remove it")}
	}
	return names, nil
}

// mark empties a directory, and says that it is not finished yet.
func (d *Dir) mark() error {
	names, err := d.left()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := d.root.RemoveAll(name); err != nil {
			return err
		}
	}
	return d.write(unfinished, nil)
}

// Drop removes a directory for which there was nothing to ask.
func (d *Dir) Drop() error { return errors.Join(d.root.Remove(unfinished), os.Remove(d.name)) }

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
