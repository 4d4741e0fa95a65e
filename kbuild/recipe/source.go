package recipe

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"mago/kbuild/foreign"
)

// Source is one module's source.
type Source struct {
	Name, Version string
	Digest        string // of what is in it; whatever it is, it changes when that does
	Dir           string // host path of the directory that holds dkms.conf, Kbuild or Makefile; it is copied, never written to

	Open func() (*os.Root, error) // opens Dir, or says that it is not there any more; nil: os.OpenRoot
}

func (s Source) open() (*os.Root, error) {
	if s.Open != nil {
		return s.Open()
	}
	return os.OpenRoot(s.Dir)
}

// owner is the user whose directory it is.
func (s Source) owner() (uid uint32, err error) {
	source, err := s.open()
	if err != nil {
		return 0, err
	}
	defer source.Close()
	info, err := source.Stat(".")
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Uid, nil
}

// maxConf bounds a dkms.conf in bytes.
const maxConf = 1 << 20

// conf reads a source's dkms.conf. It does so through os.Root: a link could name a file that only root may read.
func (s Source) conf() ([]byte, error) {
	source, err := s.open()
	if err != nil {
		return nil, err
	}
	defer source.Close()
	text, err := foreign.ReadText(source, confFile, maxConf)
	if errors.As(err, new(*foreign.LongError)) {
		err = fmt.Errorf("%s is %w", confFile, err)
	}
	if err != nil {
		return nil, &Error{confFile, err}
	}
	return text, nil
}
