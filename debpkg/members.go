package debpkg

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/blakesmith/ar"

	"mago/debpkg/codec"
)

// member is one member of the ar archive that a .deb is.
type member struct {
	name         string
	offset, size int64
}

func (m member) open(f io.ReaderAt) *io.SectionReader {
	return io.NewSectionReader(f, m.offset, m.size)
}

var (
	headerNumber = regexp.MustCompile(`^[0-9]+ *$`)
	headerMode   = regexp.MustCompile(`^[0-7]{3,8} *$`)
)

// maxMembers is far above the three members that a .deb has, and what signers and others add.
const maxMembers = 100

// members lists what the archive of size bytes holds.
func members(f io.ReaderAt, size int64) ([]member, error) {
	magic := make([]byte, len(ar.GLOBAL_HEADER))
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != ar.GLOBAL_HEADER {
		return nil, errors.New("not an ar archive")
	}
	var all []member
	r := ar.NewReader(io.NewSectionReader(f, 0, size))
	for offset := int64(len(magic)); offset < size; {
		if err := checkHeader(f, offset); err != nil {
			return nil, err
		}
		h, err := r.Next()
		if err != nil {
			return nil, err
		}
		m := member{strings.TrimSuffix(h.Name, "/"), offset + ar.HEADER_BYTE_SIZE, h.Size}
		if m.size > size-m.offset {
			return nil, fmt.Errorf("member %s of %d bytes goes beyond the end of the file", m.name, m.size)
		}
		if all = append(all, m); len(all) > maxMembers {
			return nil, &codec.LimitError{What: "members", Max: maxMembers}
		}
		offset = m.offset + m.size + m.size%2
	}
	return all, nil
}

// checkHeader finds what the ar package would stumble over: it checks no trailer, takes any number for a size,
// and panics on a negative size and on a mode of fewer than three digits.
func checkHeader(f io.ReaderAt, offset int64) error {
	header := make([]byte, ar.HEADER_BYTE_SIZE)
	if _, err := f.ReadAt(header, offset); err != nil {
		return fmt.Errorf("ar header at byte %d: cut short", offset)
	}
	mode, size, trailer := header[40:48], header[48:58], header[58:]
	if !headerMode.Match(mode) || !headerNumber.Match(size) || !bytes.Equal(trailer, []byte("`\n")) {
		return fmt.Errorf("ar header at byte %d: malformed", offset)
	}
	return nil
}

// parts are the members that deb(5) demands.
type parts struct{ version, control, data member }

// pick finds the parts in their order. Members whose names begin with _ may stand between them, any may follow them.
func pick(all []member) (p parts, err error) {
	want := []struct {
		name string
		into *member
	}{{"debian-binary", &p.version}, {"control.tar", &p.control}, {"data.tar", &p.data}}
	for i, m := range all {
		if len(want) == 0 {
			break
		}
		if i > 0 && strings.HasPrefix(m.name, "_") {
			continue
		}
		if !strings.HasPrefix(m.name, want[0].name) {
			return p, fmt.Errorf("member %q where %s belongs", m.name, want[0].name)
		}
		*want[0].into, want = m, want[1:]
	}
	if len(want) > 0 {
		return p, fmt.Errorf("no member %s", want[0].name)
	}
	return p, nil
}

// format tells a tar member's compression by its extension, as dpkg-deb does.
func (m member) format() (codec.Format, error) {
	_, extension, _ := strings.Cut(m.name, ".tar")
	format, ok := codec.ByExtension(extension)
	if !ok || format == codec.LZ4 || strings.HasPrefix(m.name, "control") && (format == codec.Bzip2 || format == codec.LZMA) {
		return "", errors.New("compression unknown to dpkg")
	}
	return format, nil
}
