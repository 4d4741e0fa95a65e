package kbuild

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/klauspost/compress/zstd"

	"mago/debpkg/codec"
	"mago/debpkg/visible"
	"mago/kbuild/foreign"
	"mago/kbuild/sandbox"
)

// Subdirectory is where mago's modules go below a kernel's module directory. depmod prefers updates/ (depmod.d(5)),
// and no file of linux-image lies there.
const Subdirectory = "updates/mago"

// finished is the directory below the work directory that finished modules are written to. It lies beside the foreign
// tree, in which a process that the build left behind can still write.
const finished = "finished"

var suffixes = map[codec.Format]string{codec.None: ".ko", codec.Gzip: ".ko.gz", codec.XZ: ".ko.xz", codec.Zstd: ".ko.zst"}

// finish completes, strips, proves and compresses what the recipe built.
func (s *steps) finish(built []builtModule) error {
	s.through = true
	proof, err := s.newProof()
	if err != nil {
		return err
	}
	if built, err = s.complete(built, proof); err != nil {
		return err
	}
	if err := s.strip(built); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.job.Work, finished), 0o755); err != nil {
		return err
	}
	exports, err := s.prove(built, proof)
	if err != nil {
		return err
	}
	s.result.Uses = proof.used
	if s.result.Symvers, err = s.writeSymvers(exports); err != nil {
		return err
	}
	s.result.Modules, err = s.finishAll(built)
	return err
}

func (s *steps) finishAll(built []builtModule) ([]Module, error) {
	names := map[string]bool{}
	var modules []Module
	if err := s.weigh(built); err != nil {
		return nil, err
	}
	for _, b := range built {
		if names[b.dest] {
			return nil, &RecipeError{s.result.Recipe, fmt.Errorf("two modules are to be installed as %s", b.dest)}
		}
		names[b.dest] = true
		m, err := s.finishOne(b)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", b.dest, err)
		}
		modules = append(modules, m)
	}
	return modules, nil
}

// weigh holds the modules to the limit on what a build may leave: sparse files take nothing of the disk in its tree, but do
// where they are finished.
func (s *steps) weigh(built []builtModule) error {
	var size int64
	for _, b := range built {
		info, err := s.work.Lstat(b.path)
		if err != nil {
			return err
		}
		size += info.Size()
	}
	if most := s.Sandbox.Limits.Output; most > 0 && size > most {
		return fmt.Errorf("its modules hold %d bytes: %w", size, s.Sandbox.Limits.Exceeded("output"))
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

func (s *steps) finishOne(b builtModule) (Module, error) {
	in, err := s.openBuilt(b.path)
	if err != nil {
		return Module{}, err
	}
	defer in.Close()
	info, err := readModinfo(in)
	if err != nil {
		return Module{}, err
	}
	if err := info.check(s.job.Kernel); err != nil {
		return Module{}, err
	}
	name := b.dest + suffixes[s.job.Kernel.Compression]
	file := filepath.Join(s.job.Work, finished, name)
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return Module{}, err
	}
	err = errors.Join(s.compress(out, in), out.Close())
	return Module{
		Name:     b.dest,
		Path:     filepath.Join(s.job.Kernel.ModulesDir, Subdirectory, name),
		File:     file,
		Vermagic: info.vermagic,
		Depends:  info.depends,
	}, err
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
		err = fmt.Errorf("%s is another name of a file that is not the build's", visible.Line(path))
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

// compress writes a module as the kernel's scripts/Makefile.modinst would, with output that depends on nothing else.
func (s *steps) compress(out io.Writer, in io.ReadSeeker) error {
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	switch s.job.Kernel.Compression {
	case codec.XZ:
		return s.run(sandbox.Spec{
			Args:  []string{"xz", "--check=crc32", "--lzma2=dict=1MiB", "--threads=1", "--stdout"},
			Stdin: in, Stdout: struct{ io.Writer }{out}, Stderr: s.log, // a pipe: nobody in the sandbox gets hold of the file
		})
	case codec.Gzip:
		w, err := gzip.NewWriterLevel(out, gzip.BestCompression)
		if err != nil {
			return err
		}
		_, err = io.Copy(w, in)
		return errors.Join(err, w.Close())
	case codec.Zstd:
		w, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			return err
		}
		_, err = io.Copy(w, in)
		return errors.Join(err, w.Close())
	}
	_, err := io.Copy(out, in)
	return err
}
