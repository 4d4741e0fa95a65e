package recipe

import "os"

// Source is one module's source.
type Source struct {
	Name, Version string
	Dir           string // host path of the directory that holds dkms.conf, Kbuild or Makefile; it is copied, never written to

	Open func() (*os.Root, error) // opens Dir, or says that it is not there any more; nil: os.OpenRoot
}

func (s Source) open() (*os.Root, error) {
	if s.Open != nil {
		return s.Open()
	}
	return os.OpenRoot(s.Dir)
}
