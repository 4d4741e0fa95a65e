package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
)

// member is a gzip stream of "short\n" with the optional parts of a header that its flags announce (RFC 1952, 2.3).
func member(t testing.TB, flags byte) []byte {
	t.Helper()
	header := []byte{0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3}
	if flags&0x04 != 0 {
		header = append(header, 2, 0, 'a', 'b')
	}
	if flags&0x08 != 0 {
		header = append(header, "name\x00"...)
	}
	if flags&0x10 != 0 {
		header = append(header, "comment\x00"...)
	}
	if flags&0x02 != 0 {
		header = binary.LittleEndian.AppendUint16(header, uint16(crc32.ChecksumIEEE(header)))
	}
	return append(header, compressed(t, Gzip, []string{"gzip", "-nc"}, []byte("short\n"))[10:]...)
}

// TestGzipFlags: each of the flags that gzip refuses is refused, in the first member as in a later one.
func TestGzipFlags(t *testing.T) {
	plain := member(t, 0)
	for flags := range 256 {
		in, foreign := member(t, byte(flags)), flags >= 0x20
		for n, stream := range [][]byte{in, slices.Concat(plain, in)} {
			out, _, err := decoded(stream)
			switch want := strings.Repeat("short\n", n+1); {
			case foreign && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("flags %#x are not supported", flags))):
				t.Errorf("flags %#x in member %d: %q, %v", flags, n+1, out, err)
			case !foreign && (err != nil || string(out) != want):
				t.Errorf("flags %#x in member %d: %q, %v", flags, n+1, out, err)
			}
		}
	}
}

func TestManyEmptyMembers(t *testing.T) {
	empty := compressed(t, Gzip, []string{"gzip", "-nc"}, nil)
	out, _, err := decoded(slices.Concat(bytes.Repeat(empty, 1000), member(t, 0)))
	if err != nil || string(out) != "short\n" {
		t.Errorf("%q, %v", out, err)
	}
}
