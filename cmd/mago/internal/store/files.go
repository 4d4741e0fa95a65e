package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"mago/kbuild/deep"
)

// Entries lists what lies in a directory under names that match a pattern of path.Match. Unlike filepath.Glob it tells of a
// directory that cannot be read; one that is not there has none.
func Entries(dir, pattern string) (paths []string, err error) {
	all, err := names(dir)
	for _, name := range all {
		if ok, err := filepath.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths, err
}

// names lists what lies in a directory, in order.
func names(dir string) ([]string, error) {
	file, err := os.Open(dir)
	if err != nil {
		return nil, present(err)
	}
	defer file.Close()
	names, err := file.Readdirnames(-1)
	slices.Sort(names)
	return names, present(err)
}

// Absent reports whether an error says that a path leads nowhere.
func Absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// Within makes a directory and does something in it, once more where another mago's clean has meanwhile removed it for being
// empty.
func Within(dir string, do func(dir string) error) (err error) {
	for range 10 {
		if err = os.MkdirAll(dir, 0o755); err == nil {
			err = do(dir)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// FreshDir makes an empty directory, in the place of what a killed run may have left, which nobody else may enter.
func FreshDir(dir string) error {
	if err := RemoveTree(dir); err != nil {
		return err
	}
	return Within(filepath.Dir(dir), func(string) error { return os.Mkdir(dir, 0o700) })
}

// RemoveTree removes what a build may have left.
func RemoveTree(dir string) error {
	if err := deep.Remove(dir); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// Evict removes a file or a directory, records before what they tell of.
func Evict(path string) error {
	records, err := Entries(path, "*.json")
	for _, record := range records {
		err = errors.Join(err, removeIfThere(record))
	}
	return errors.Join(err, RemoveTree(path))
}

// Replace writes a file beside, syncs it and gives it its name.
func Replace(path string, text []byte) error {
	dir, name := filepath.Split(path)
	return Within(filepath.Clean(dir), func(dir string) error {
		unfinished := filepath.Join(dir, "unfinished."+name)
		return errors.Join(writeSynced(unfinished, text), os.Rename(unfinished, path), syncDir(dir))
	})
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// replaceOrRemove gives a file another's name; where it is not there, the other goes.
func replaceOrRemove(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, fs.ErrNotExist) {
		return removeIfThere(to)
	}
	return err
}

// writeSynced writes a file to the disk.
func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	if _, err = file.Write(text); err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDir writes the names in a directory to the disk.
func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
