package keyring

import (
	"fmt"
	"io/fs"
	"syscall"

	"mago/debpkg/rooted"
)

// OpenToOthersError is a private key that others than its owner can read or write.
type OpenToOthersError struct {
	Path string
	Mode fs.FileMode
}

func (e *OpenToOthersError) Error() string {
	return fmt.Sprintf("%s has mode %04o, so that others than its owner have the key", e.Path, e.Mode)
}

// CheckClosed refuses a file with a private key or a passphrase that others can read or write. The error may be an *OpenToOthersError.
func CheckClosed(root rooted.Root, path string) error {
	info, err := root.Stat(path)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return &OpenToOthersError{path, mode}
	}
	if me := syscall.Geteuid(); owner != 0 && int(owner) != me {
		return fmt.Errorf("it belongs to the user %d, who has the key and may change it", owner)
	}
	return nil
}
