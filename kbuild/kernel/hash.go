package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/codec"
	"mago/kbuild/deep"
	"mago/kbuild/foreign"
)

// Hash is the SHA-256, in hexadecimal digits, over what a kernel has a build do: its release, machine, compiler and
// compression, the directories that it is known by, its headers' Debian package with the version, and, of both halves of the
// headers, the names and contents of hashedFiles and of all below hashedTrees. Of a kernel that no package owns it is also over
// the headers and makefiles below includeTrees, which a package's version vouches for; of one whose headers lie opened, over the
// programs that come with them and are run in place of the system's. It is worked out once.
func (k Kernel) Hash() (string, error) {
	if k.hash == nil {
		return "", &HeadersError{Release: k.Release}
	}
	return k.hash()
}

var (
	hashedFiles  = []string{".config", ".kernelvariables", "Makefile", "Module.symvers", utsrelease, "include/config/auto.conf", "include/generated/autoconf.h"}
	hashedTrees  = []string{"scripts", "tools/objtool"}
	includeTrees = []string{"include", "arch"}
)

// maxHashed bounds what is read for a hash, in bytes; a kernel's own source tree has some 100 MB there.
const maxHashed = 2 << 30

// sum works the hash out.
func (k Kernel) sum() (string, error) {
	s := sum{sha256.New(), maxHashed}
	fmt.Fprintf(s.Hash, "%q\n", []string{"mago kernel 1", k.Release, k.Arch, k.Compiler.String(), string(k.Compression), k.Headers, k.Build, k.Common, k.ModulesDir, k.Package, k.Version})
	halves := []headers{k.headers}
	if k.Common != "" {
		halves = append(halves, headers{k.headers.in, k.Common})
	}
	for _, h := range halves {
		if err := s.add(h, k.Package == ""); err != nil {
			return "", fmt.Errorf("hash the headers of kernel %s: %w", k.Release, err)
		}
	}
	for _, dir := range k.Opened().Dirs {
		if err := s.programs(dir); err != nil {
			return "", fmt.Errorf("hash the programs of kernel %s: %w", k.Release, err)
		}
	}
	return hex.EncodeToString(s.Sum(nil)), nil
}

// sum is a hash that is being worked out.
type sum struct {
	hash.Hash
	left int64 // bytes that may still be read
}

// add adds the files of a directory of headers; those that are not there add nothing.
func (s *sum) add(h headers, includes bool) error {
	fmt.Fprintf(s, "%q\n", h.dir)
	var errs []error
	for _, name := range hashedFiles {
		errs = append(errs, s.file(name, h.open))
	}
	for _, name := range hashedTrees {
		errs = append(errs, s.tree(h, name, nil))
	}
	for _, name := range includeTrees {
		if includes {
			errs = append(errs, s.tree(h, name, isHeader))
		}
	}
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, fs.ErrNotExist) })...)
}

// isHeader tells what a source may include, and what makes kbuild's rules, from what a kernel's own build has left.
func isHeader(path string) bool {
	return filepath.Ext(path) == ".h" || strings.HasPrefix(filepath.Base(path), "Makefile")
}

// file adds one with its name.
func (s *sum) file(name string, open func(string) (*os.File, error)) error {
	file, err := open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	content := sha256.New()
	n, err := io.Copy(content, io.LimitReader(file, s.left+1))
	if s.left -= n; err == nil && s.left < 0 {
		err = fmt.Errorf("%s: %w", file.Name(), &codec.LimitError{What: "bytes", Max: maxHashed})
	}
	fmt.Fprintf(s, "%q %x\n", name, content.Sum(nil))
	return err
}

// tree adds what lies below a directory of the headers, which may be a link to the system's, and the links in it by their
// targets. Of files it adds those that are wanted (nil: all).
func (s *sum) tree(h headers, name string, wanted func(path string) bool) error {
	root, err := h.openDir(name)
	if err != nil {
		return err
	}
	defer root.Close()
	return s.below(root, name, wanted)
}

// programs adds those that an opened package brings.
func (s *sum) programs(dir string) error {
	root, err := os.OpenRoot(filepath.Join(dir, "usr/bin"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer root.Close()
	return s.below(root, "usr/bin", nil)
}

// below adds what an open directory holds, whose name is that.
func (s *sum) below(root *os.Root, name string, wanted func(path string) bool) error {
	return fs.WalkDir(root.FS(), ".", deep.Bounded(func(path string, entry fs.DirEntry, err error) error {
		const entryCost = 512
		s.left -= entryCost
		switch {
		case err != nil:
			return err
		case entry.Type() == fs.ModeSymlink:
			target, err := root.Readlink(path)
			fmt.Fprintf(s, "%q -> %q\n", filepath.Join(name, path), target)
			return err
		case entry.Type().IsRegular() && (wanted == nil || wanted(path)):
			return s.file(filepath.Join(name, path), func(string) (*os.File, error) { return foreign.OpenRegular(root, path) })
		}
		return nil
	}))
}
