// Package untar opens strangers' tar archives into an empty directory. Whatever the archive says, it writes nothing outside,
// leaves no link that leads out, and writes no more than the limits allow. Decompression, and removing a half-opened directory
// after an error, are left to the caller.
package untar

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Options say how to open one archive.
type Options struct {
	Archive string // names the archive in errors
	Limits  Limits

	// Rooted makes an absolute link target begin at the top of the tree, as it will in the installed system that the data.tar
	// of a .deb describes (Debian Policy 10.5 requires such links). Without it they are refused.
	Rooted bool
}

// Stats describe the archive's contents.
type Stats struct {
	Entries int
	Bytes   int64
	Newest  time.Time // latest date of an entry that is not in the future; zero where there is none
	LeftOut []string  // the first of the FIFOs and devices, which are not made
}

// mostLeftOut is as many as somebody reads.
const mostLeftOut = 12

// Extract opens the tar stream r into root, which must be empty and not changed by others meanwhile.
//
// Files belong to the caller, with mode 0755 where the archive has any executable bit and 0644 otherwise, whatever the umask;
// directories have 0755. An unprivileged user will read them, and set-user-ID bits, which .debs may have, are dropped. Dates
// are kept, except that future dates become the present.
//
// FIFOs and devices are left out. A name that is absolute or has "..", a name below a link or a link that leads out is an
// *UnsafeError, too much of anything a *LimitError, an archive without its end marker a *DamagedError.
func Extract(ctx context.Context, root *os.Root, r io.Reader, o Options) (Stats, error) {
	x := &extractor{root: root, opts: o, limits: o.Limits.orDefault(), now: time.Now(), dirs: map[string]time.Time{".": {}}}
	x.in = &input{ctx: ctx, r: r, left: x.limits.stream(), over: x.limit("", "bytes", x.limits.stream())}
	x.buffer = make([]byte, 64<<10)
	defer x.closeDir()
	err := x.wrap(x.extract())
	return x.stats, err
}

// extractor is the state of one Extract.
type extractor struct {
	root   *os.Root
	opts   Options
	limits Limits
	in     *input
	now    time.Time
	dirs   map[string]time.Time // the directories made so far, known to be no links, and their dates
	stats  Stats

	into     *os.File // the directory that the last file was made in
	intoName string
	buffer   []byte
}

// maxHeader is archive/tar's bound of PAX records, long names and maps of sparse files.
const maxHeader = 1 << 20

// wrap adds the archive's name to errors without it.
func (x *extractor) wrap(err error) error {
	var unsafe *UnsafeError
	var limit *LimitError
	if err == nil || errors.As(err, &unsafe) || errors.As(err, &limit) {
		return err
	}
	if errors.Is(err, tar.ErrFieldTooLong) {
		return x.limit("", "bytes in an entry's header", maxHeader)
	}
	if x.in.broken || errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &DamagedError{x.opts.Archive, err}
	}
	return fmt.Errorf("open %s: %w", x.opts.Archive, err)
}

func (x *extractor) extract() error {
	tr := tar.NewReader(x.in)
	for {
		x.in.zeros = 0
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := x.entry(h, entryContent{tr, x.in}); err != nil {
			return err
		}
	}
	if err := x.in.end(); err != nil {
		return err
	}
	return x.dateDirs()
}

// entry checks and makes one entry.
func (x *extractor) entry(h *tar.Header, content io.Reader) error {
	if x.stats.Entries++; x.stats.Entries > x.limits.Entries {
		return x.limit(h.Name, "entries", int64(x.limits.Entries))
	}
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	if !sparseWhole(h.PAXRecords) {
		return fmt.Errorf("%s: incomplete header of a sparse file: %w", h.Name, tar.ErrHeader)
	}
	name, err := x.name(h.Name, h.Linkname)
	if err != nil {
		return err
	}
	if h.ModTime = x.clamp(h.ModTime); h.ModTime.After(x.stats.Newest) && h.ModTime.Before(x.now) {
		x.stats.Newest = h.ModTime
	}
	return x.make(name, h, content)
}

// sparseWhole reports whether PAX records describe a sparse file completely or not at all (GNU tar's manual, "Storing Sparse
// Files"). Of half a description archive/tar would make a plain file, of map and content together.
func sparseWhole(records map[string]string) bool {
	const sparse = "GNU.sparse."
	size := sparse + "size"
	switch version := records[sparse+"major"] + "." + records[sparse+"minor"]; version {
	case "1.0":
		size = sparse + "realsize"
	case "0.0", "0.1", ".":
		if _, mapped := records[sparse+"map"]; !mapped {
			return !anyKeyHas(records, sparse)
		}
	default:
		return false
	}
	return records[size] != ""
}

func anyKeyHas(records map[string]string, prefix string) bool {
	for key := range records {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// clamp keeps dates between the epoch and now: make(1) would always rebuild what is dated in the future.
func (x *extractor) clamp(t time.Time) time.Time {
	switch {
	case t.After(x.now):
		return x.now
	case t.Unix() < 0:
		return time.Unix(0, 0)
	}
	return t
}
