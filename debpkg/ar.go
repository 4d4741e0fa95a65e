package debpkg

import (
	"fmt"
	"io"
	"time"

	"github.com/blakesmith/ar"
)

// deb(5): a name of at most 15 characters, a size of at most 10 digits; ar(5): a time of at most 12.
const (
	maxMemberName = 15
	maxMemberSize = 1e10 - 1
	maxMemberTime = 1e12 - 1
)

// archive writes the members of a .deb. The ar package writes the headers only: it would pad each odd Write,
// not each odd member, and a copy from file to file stays in the kernel without it.
type archive struct {
	w       io.Writer
	headers *ar.Writer
	modTime time.Time
}

func newArchive(w io.Writer, modTime time.Time) (*archive, error) {
	a := &archive{w: w, headers: ar.NewWriter(w), modTime: modTime}
	return a, a.headers.WriteGlobalHeader()
}

// add writes a member of size bytes, which r must give exactly.
func (a *archive) add(name string, size int64, r io.Reader) error {
	if len(name) > maxMemberName || size > maxMemberSize || a.modTime.Unix() < 0 || a.modTime.Unix() > maxMemberTime {
		return fmt.Errorf("ar member %s: name, size %d or time %v does not fit", name, size, a.modTime)
	}
	// The ar package puts the file type, 100, before the mode.
	if err := a.headers.WriteHeader(&ar.Header{Name: name, ModTime: a.modTime, Mode: 0o644, Size: size}); err != nil {
		return err
	}
	if _, err := io.CopyN(a.w, r, size); err != nil {
		return fmt.Errorf("ar member %s: %w", name, err)
	}
	if size%2 == 0 {
		return nil
	}
	_, err := io.WriteString(a.w, "\n")
	return err
}
