package kbuild

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"

	"mago/debpkg/codec"
	"mago/debpkg/word"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
)

// Subdirectory is where mago's modules go below a kernel's module directory. depmod prefers updates/ (depmod.d(5)),
// and no file of linux-image lies there.
const Subdirectory = "updates/mago"

var suffixes = map[codec.Format]string{codec.None: ".ko", codec.Gzip: ".ko.gz", codec.XZ: ".ko.xz", codec.Zstd: ".ko.zst"}

// finishing is a build whose recipe is through, on its way to a Result.
type finishing struct {
	*recipe.Workspace
	signing Signing
	result  Result
}

// finish strips, takes out, proves, signs and compresses what the recipe built.
func (b *Builder) finish(ctx context.Context, w *recipe.Workspace, staged *recipe.Staged) (*Result, error) {
	w.Through()
	s := &finishing{w, b.Signing, Result{Name: staged.Name, Version: staged.Version, Recipe: staged.Recipe, Package: staged.Package, Hooks: staged.Hooks}}
	taken, kernel, err := s.takeOut(ctx, staged.Modules)
	if err != nil {
		return nil, err
	}
	exports := s.builtExports(ctx, taken)
	kernel.Layers = slices.Insert(kernel.Layers, 0, proof.Layer{Exports: exports})
	if err := s.prove(taken, kernel); err != nil {
		return nil, err
	}
	if s.result.Symvers, err = s.writeSymvers(exports); err != nil {
		return nil, err
	}
	if err := s.sign(taken); err != nil {
		return nil, err
	}
	for _, m := range taken {
		module, err := s.compress(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", m.Dest, err)
		}
		s.result.Modules = append(s.result.Modules, module)
	}
	return &s.result, nil
}

// strip removes debugging symbols, as dkms and the kernel's own packages do; the foreign ELF files are read in the sandbox.
func (s *finishing) strip(ctx context.Context, built []takenModule) error {
	args := []string{"strip", "--strip-debug"}
	none := len(args)
	for _, b := range built {
		if b.Strip && !(b.came && s.keepsSignatures()) {
			args = append(args, s.Inside(b.File))
		}
	}
	if len(args) == none {
		return nil
	}
	return s.Do(ctx, "strip", strings.Join(args, " "), args...)
}

// compress gives the finished module, in the place of the copy where the kernel has its modules compressed.
func (s *finishing) compress(ctx context.Context, m takenModule) (Module, error) {
	format := s.Job.Kernel.Compression
	name := m.Dest + suffixes[format]
	module := Module{
		Name:     m.Dest,
		Path:     filepath.Join(s.Job.Kernel.ModulesDir, Subdirectory, name),
		File:     filepath.Join(s.Job.Work, finished, name),
		Vermagic: m.facts.Vermagic,
		Depends:  word.Strings(m.facts.Depends...),
		Facts:    m.facts,
		Signed:   m.signed,
		Came:     m.came,
	}
	if module.File == m.file {
		return module, nil
	}
	in, err := os.Open(m.file)
	if err != nil {
		return Module{}, err
	}
	defer in.Close()
	out, err := os.OpenFile(module.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return Module{}, err
	}
	return module, errors.Join(s.compressTo(ctx, out, in), out.Close(), os.Remove(m.file))
}

// compressTo writes a module as the kernel's scripts/Makefile.modinst would, with output that depends on nothing else.
func (s *finishing) compressTo(ctx context.Context, out io.Writer, in io.Reader) error {
	var w io.WriteCloser
	var err error
	switch s.Job.Kernel.Compression {
	case codec.XZ:
		return s.Run(ctx, sandbox.Spec{
			Args:  []string{"xz", "--check=crc32", "--lzma2=dict=1MiB", "--threads=1", "--stdout"},
			Stdin: in, Stdout: struct{ io.Writer }{out}, Stderr: s.Log, // a pipe: nobody in the sandbox gets hold of the file
		})
	case codec.Gzip:
		w, err = gzip.NewWriterLevel(out, gzip.BestCompression)
	default:
		w, err = zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return errors.Join(err, w.Close())
}
