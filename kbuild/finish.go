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
	"syscall"

	"github.com/klauspost/compress/zstd"

	"mago/debpkg/codec"
	"mago/debpkg/visible"
	"mago/kbuild/foreign"
	"mago/kbuild/proof"
	"mago/kbuild/sandbox"
)

// Subdirectory is where mago's modules go below a kernel's module directory. depmod prefers updates/ (depmod.d(5)),
// and no file of linux-image lies there.
const Subdirectory = "updates/mago"

var suffixes = map[codec.Format]string{codec.None: ".ko", codec.Gzip: ".ko.gz", codec.XZ: ".ko.xz", codec.Zstd: ".ko.zst"}

// finish strips, takes out, proves and compresses what the recipe built.
func (s *steps) finish(built []builtModule) error {
	s.through = true
	kernel, err := s.offered()
	if err != nil {
		return err
	}
	taken, err := s.takeOut(built, kernel)
	if err != nil {
		return err
	}
	exports := s.builtExports(taken)
	kernel.Layers = slices.Insert(kernel.Layers, 0, proof.Layer{Exports: exports})
	if err := s.prove(taken, kernel); err != nil {
		return err
	}
	if s.result.Symvers, err = s.writeSymvers(exports); err != nil {
		return err
	}
	for _, m := range taken {
		module, err := s.compress(m)
		if err != nil {
			return fmt.Errorf("module %s: %w", m.dest, err)
		}
		s.result.Modules = append(s.result.Modules, module)
	}
	return nil
}

// strip removes debugging symbols, as dkms and the kernel's own packages do; the foreign ELF files are read in the sandbox.
func (s *steps) strip(built []builtModule) error {
	args := []string{"strip", "--strip-debug"}
	none := len(args)
	for _, b := range built {
		if b.strip {
			args = append(args, s.inside(b.path))
		}
	}
	if len(args) == none {
		return nil
	}
	return s.do("strip", strings.Join(args, " "), args...)
}

// compress gives the finished module, in the place of the copy where the kernel has its modules compressed.
func (s *steps) compress(m takenModule) (Module, error) {
	format := s.job.Kernel.Compression
	name := m.dest + suffixes[format]
	module := Module{
		Name:     m.dest,
		Path:     filepath.Join(s.job.Kernel.ModulesDir, Subdirectory, name),
		File:     filepath.Join(s.job.Work, finished, name),
		Vermagic: m.facts.Vermagic,
		Depends:  m.facts.Depends,
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
	return module, errors.Join(s.compressTo(out, in), out.Close(), os.Remove(m.file))
}

// maxModule bounds a finished module in bytes; NVIDIA's, the largest known, has 60 MB.
const maxModule = 1 << 30

// openBuilt opens a file that the build has made: no second name of a file that only root may read, and of a size that
// a module may have. It opens no more of them once the build's time is over.
func (s *steps) openBuilt(path string) (*os.File, error) {
	if s.ctx.Err() != nil {
		return nil, context.Cause(s.ctx)
	}
	file, err := foreign.OpenRegular(s.work, path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case s.Sandbox.Drop && isOthers(info, s.Sandbox.UID):
		err = fmt.Errorf("%s is a hard link to a file that is not the build's", visible.Line(path))
	case info.Size() > maxModule:
		err = fmt.Errorf("%s has %d bytes", visible.Line(path), info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func isOthers(info os.FileInfo, uid uint32) bool {
	stat := info.Sys().(*syscall.Stat_t)
	return stat.Nlink > 1 && stat.Uid != uid
}

// compressTo writes a module as the kernel's scripts/Makefile.modinst would, with output that depends on nothing else.
func (s *steps) compressTo(out io.Writer, in io.Reader) error {
	var w io.WriteCloser
	var err error
	switch s.job.Kernel.Compression {
	case codec.XZ:
		return s.run(sandbox.Spec{
			Args:  []string{"xz", "--check=crc32", "--lzma2=dict=1MiB", "--threads=1", "--stdout"},
			Stdin: in, Stdout: struct{ io.Writer }{out}, Stderr: s.log, // a pipe: nobody in the sandbox gets hold of the file
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
