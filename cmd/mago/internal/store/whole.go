package store

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// HasDeb reports whether the packages that a record names are still in the store, and only this user or root can write to
// them.
func (s *Store) HasDeb(r Record) bool {
	if r.Result != Built || r.Common != nil && !isOwn(s.Debs(), r.Common.Deb, -1) {
		return false
	}
	return isOwn(s.Debs(), r.Deb, r.Size)
}

// isOwn reports whether a package lies in the directory of packages, is of that size (-1: any), and only this user, or root, may write to it.
// A copy under another name (--dest) may be the same file, which somebody may have been given.
func isOwn(dir, deb string, size int64) bool {
	var st syscall.Stat_t
	if filepath.Dir(deb) != dir || syscall.Lstat(deb, &st) != nil || size >= 0 && st.Size != size {
		return false
	}
	return st.Mode&syscall.S_IFMT == syscall.S_IFREG && st.Mode&0o022 == 0 && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}

// IsWhole reports whether, beside that, the package is the very one, and that of the common files, too.
func (s *Store) IsWhole(r Record) bool {
	if !s.HasDeb(r) {
		return false
	}
	sum, _, err := SHA256(os.Open(r.Deb))
	return err == nil && sum == r.SHA256 && (r.Common == nil || isCommonWhole(r, s.Of))
}

// isCommonWhole also accepts what a build for another kernel has written under the same name since, unless no signature
// covers that.
func isCommonWhole(r Record, of func(module string) ([]Record, error)) bool {
	sum, _, err := SHA256(os.Open(r.Common.Deb))
	if err != nil || sum == r.Common.SHA256 {
		return err == nil
	}
	all, err := of(r.Module)
	return err == nil && slices.ContainsFunc(all, func(o Record) bool {
		return o.Common != nil && o.Common.Deb == r.Common.Deb && o.Common.SHA256 == sum && (len(o.UnauthenticatedInputs()) == 0 || len(r.UnauthenticatedInputs()) > 0)
	})
}

// SHA256 gives the hash, in hexadecimal, and the size in bytes of the file that opening gave, and closes it.
func SHA256(file *os.File, err error) (sum string, size int64, _ error) {
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), size, err
}
