package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"mago/debpkg/control"
	"mago/kbuild/foreign"
	"mago/kbuild/rules"
)

// Package is what the package that a debian/rules made holds and promises beside its modules.
type Package struct {
	Control map[string]string // the fields of its control paragraph, as spelled there; of other packages' names nothing is checked
	Files   []StagedFile      // what it ships that is neither below the kernel's module directory nor documentation
}

// StagedFile is a regular file or a symbolic link of a package.
type StagedFile struct {
	Path string      // where it goes, inside the root
	File string      // where it lies now: host path, below the job's work directory; "" for a link
	Link string      // a link's target
	Mode fs.FileMode // a file's permissions
}

// shipped is the directory beside the foreign tree that staged files are copied to.
const shipped = "shipped"

// What a package may hold; Debian's largest module packages have a tenth of it.
const (
	maxShipped      = 10_000
	maxShippedBytes = 1 << 30
	maxText         = 1 << 20 // of a control file
)

// collectPackage takes the opened package for what the recipe gives.
func (s *steps) collectPackage(ctx context.Context) (*Staged, error) {
	c := &collection{steps: s, names: map[string]string{}}
	if err := errors.Join(c.paragraph(ctx), c.scripts(ctx), os.Mkdir(filepath.Join(s.Job.Work, shipped), 0o755)); err != nil {
		return nil, err
	}
	err := s.Walk(ctx, openedDir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return c.visit(ctx, file, entry)
	})
	if err != nil {
		return nil, err
	}
	if len(c.built) == 0 {
		return nil, &Error{rulesFile, errors.New("its package holds no .ko file below lib/modules")}
	}
	staged := &Staged{Name: s.Job.Source.Name, Version: s.Job.Source.Version, Recipe: rulesFile, Modules: c.built, Package: &c.pkg}
	return staged, c.decompress(ctx)
}

// collection is an opened package on its way to a result.
type collection struct {
	*steps
	pkg     Package
	built   []Built
	names   map[string]string // module to the file it is in
	packed  []string          // modules that the rules compressed
	entries int
	size    int64
}

func (c *collection) paragraph(ctx context.Context) error {
	text, err := c.text(ctx, "DEBIAN/control")
	if err != nil {
		return err
	}
	scanner := control.NewScanner(bytes.NewReader(text), "DEBIAN/control")
	scanner.Scan()
	p, err := scanner.Paragraph()
	if err := errors.Join(err, scanner.Err()); err != nil {
		return &Error{rulesFile, err}
	}
	c.pkg.Control = map[string]string{}
	for _, field := range p.Fields() {
		c.pkg.Control[field] = p.Get(field)
	}
	return nil
}

// scripts tells the log what a maintainer script would have done, which nobody runs; depmod is seen to without it.
func (c *collection) scripts(ctx context.Context) error {
	for _, name := range []string{"preinst", "postinst", "prerm", "postrm", "config"} {
		text, err := c.text(ctx, "DEBIAN/"+name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if line := rules.Beyond(string(text)); line != "" {
			c.Log.Note("the %s of the rules' package does more than depmod and will not be run: %.200s", name, line)
		}
	}
	return nil
}

func (c *collection) text(ctx context.Context, name string) ([]byte, error) {
	file, err := c.Open(ctx, filepath.Join(openedDir, name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := foreign.TextIn(file, maxText)
	return text, tooLong(name, err)
}

// tooLong names what of the recipe's texts is longer than any.
func tooLong(name string, err error) error {
	if errors.As(err, new(*foreign.LongError)) {
		return &Error{rulesFile, fmt.Errorf("%s is %w", name, err)}
	}
	return err
}

// visit sorts one entry of the opened package; its directories are made again by who packs the files.
func (c *collection) visit(ctx context.Context, file string, entry fs.DirEntry) error {
	name := strings.TrimPrefix(strings.TrimPrefix(file, openedDir), "/")
	if c.entries++; c.entries > maxShipped {
		return &Error{rulesFile, fmt.Errorf("its package holds more than %d files", maxShipped)}
	}
	switch {
	case entry.IsDir() && (name == "DEBIAN" || isAbout(name)):
		return fs.SkipDir
	case entry.IsDir():
		return nil
	case isBelowModules(name):
		return c.module(file, entry)
	}
	return c.stage(ctx, file, "/"+name, entry)
}

// isAbout tells directories that only describe a package, under its own name.
func isAbout(dir string) bool {
	switch dir {
	case "usr/share/doc", "usr/share/lintian", "usr/share/bug":
		return true
	}
	return false
}

func isBelowModules(name string) bool {
	return strings.HasPrefix(strings.TrimPrefix(name, "usr/"), "lib/modules/")
}

// module takes a .ko file, compressed or not; what else lies there is depmod's.
func (c *collection) module(file string, entry fs.DirEntry) error {
	if !isModule(entry.Name()) || !entry.Type().IsRegular() {
		return nil
	}
	name, err := ModuleIn(uncompressed(file))
	if err != nil {
		return &Error{rulesFile, err}
	}
	if other, ok := c.names[name]; ok {
		return &Error{rulesFile, fmt.Errorf("two modules named %s: %s and %s", name, other, file)}
	}
	c.names[name] = file
	if compression(file) != "" {
		c.packed = append(c.packed, file)
	}
	c.built = append(c.built, Built{File: uncompressed(file), Dest: name, Strip: true})
	return nil
}

// decompress undoes what the kernel's own modules_install may have done.
func (c *collection) decompress(ctx context.Context) error {
	for _, file := range c.packed {
		if err := c.steps.decompress(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// stage copies a file to where no foreign program can change it any more.
func (c *collection) stage(ctx context.Context, file, to string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	if info.Mode().Type() == fs.ModeSymlink {
		return c.link(file, to)
	}
	in, err := c.Open(ctx, file)
	if err != nil {
		return &Error{rulesFile, err}
	}
	defer in.Close()
	host := filepath.Join(c.Job.Work, shipped, strconv.Itoa(len(c.pkg.Files)))
	out, err := os.OpenFile(host, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, maxShippedBytes-c.size+1))
	if c.size += n; c.size > maxShippedBytes {
		err = &Error{rulesFile, fmt.Errorf("its package holds more than %d bytes beside the modules", maxShippedBytes)}
	}
	c.pkg.Files = append(c.pkg.Files, StagedFile{Path: to, File: host, Mode: info.Mode().Perm() &^ 0o022})
	return errors.Join(err, out.Close())
}

// link keeps a symbolic link that stays below the package's root; nobody here follows it.
func (c *collection) link(file, to string) error {
	target, err := c.files.Readlink(file)
	if err != nil {
		return err
	}
	if up := path.Join("."+path.Dir(to), target); !path.IsAbs(target) && !filepath.IsLocal(up) {
		return &Error{rulesFile, fmt.Errorf("its package's link %s leads out of it, to %s", to, target)}
	}
	c.pkg.Files = append(c.pkg.Files, StagedFile{Path: to, Link: target})
	return nil
}
