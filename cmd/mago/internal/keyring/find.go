package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// Find looks for the keys that nobody has named, mago's own first. What cannot be read is left out, but for mago's own: the error is
// an *Error. To an ordinary user there are none.
func Find(root rooted.Root) (keys []Key, err error) {
	for _, p := range places {
		k, err := p.find(root)
		switch {
		case err == nil:
			keys = append(keys, k)
		case p.origin == Own && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return nil, err
		}
	}
	return keys, nil
}

// Open reads the key of a path inside the root, and the certificate that lies in the same file, or beside it under the same name
// with another ending: .crt, .pem, .der, .pub or .cer. A root's certificate is root.crt in the same directory, if that has issued it. The error is an *Error.
func Open(root rooted.Root, path string) (Key, error) {
	p := place{Configured, path, "", filepath.Join(filepath.Dir(path), rootCert)}
	text, err := readSecret(root, path)
	if err != nil {
		return Key{}, &Error{path, err}
	}
	if all, err := signing.Certificates(text); err != nil || len(all) > 0 {
		return p.read(root)
	}
	if p.cert = besideKey(root, path); p.cert == "" {
		return Key{}, &Error{path, fmt.Errorf("there is no certificate of it: put it beside it as %s.crt", stemOf(path))}
	}
	return p.read(root)
}

// besideKey is the file of a key's certificate, "" where there is none.
func besideKey(root rooted.Root, path string) string {
	for _, ending := range []string{".crt", ".pem", ".der", ".pub", ".cer"} {
		if _, err := root.Stat(stemOf(path) + ending); err == nil && stemOf(path)+ending != path {
			return stemOf(path) + ending
		}
	}
	return ""
}

func stemOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) }
