package untar

import "fmt"

// UnsafeError refuses an entry that could reach outside the tree or is of an unknown type.
type UnsafeError struct {
	Archive string // as Options names it
	Entry   string // the entry's name as the archive has it
	Reason  string
}

func (e *UnsafeError) Error() string {
	return fmt.Sprintf("open %s: refuse entry %.200q: %s", e.Archive, e.Entry, e.Reason)
}

// DamagedError says that an archive cannot be read to its end: it is cut off, its sums are wrong, or it is not an archive.
type DamagedError struct {
	Archive string // as Options names it
	Err     error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("open %s: %v", e.Archive, e.Err) }
func (e *DamagedError) Unwrap() error { return e.Err }

// LimitError refuses an archive that exceeds its Limits.
type LimitError struct {
	Archive string // as Options names it
	Entry   string // the entry that went beyond, "" for what follows the last
	What    string // "bytes", "entries", "levels of directories", "bytes in a name" or "bytes in a part of a name"
	Max     int64
}

func (e *LimitError) Error() string {
	if e.Entry == "" {
		return fmt.Sprintf("open %s: more than %d %s", e.Archive, e.Max, e.What)
	}
	return fmt.Sprintf("open %s: more than %d %s at entry %.80q", e.Archive, e.Max, e.What, e.Entry)
}

// Limits are those of one archive. A zero field means DefaultLimits'.
type Limits struct {
	Bytes   int64 // of all files together, holes of sparse files included
	Entries int
	Depth   int // levels of directories
	Name    int // bytes of a name or a link target
}

// DefaultLimits suffice for the largest sources: Debian's nvidia and zfs trees have some thousand entries and a tenth of a
// gigabyte, a whole Linux tree has 90,000 entries and 1.5 GB.
var DefaultLimits = Limits{Bytes: 4 << 30, Entries: 500_000, Depth: 64, Name: 1024}

func (l Limits) orDefault() Limits {
	if l.Bytes == 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Entries == 0 {
		l.Entries = DefaultLimits.Entries
	}
	if l.Depth == 0 {
		l.Depth = DefaultLimits.Depth
	}
	if l.Name == 0 {
		l.Name = DefaultLimits.Name
	}
	return l
}

// stream limits the archive itself, since headers and what follows the last entry can be a bomb as well.
func (l Limits) stream() int64 { return l.Bytes + int64(l.Entries)*perEntry }

// perEntry suffices for an entry's header, a long name and the padding.
const perEntry = 4 << 10

func (x *extractor) refuse(entry, reason string) error {
	return &UnsafeError{x.opts.Archive, entry, reason}
}

func (x *extractor) limit(entry, what string, max int64) error {
	return &LimitError{x.opts.Archive, entry, what, max}
}
