package debpkg

import (
	"strings"
	"testing"

	"mago/debpkg/codec"
)

// TestMembersAreOneStream: dpkg-deb reads the first stream of a member, but for gzip; a second one would be files that only mago
// sees.
func TestMembersAreOneStream(t *testing.T) {
	d := newDeb(t)
	for format, want := range map[codec.Format]string{codec.Gzip: "", codec.XZ: "follows the end of its first stream", codec.Zstd: "follows the end of its first stream"} {
		whole := packed(t, format, d.data)
		halves := packed(t, format, d.data[:len(d.data)/2]) + packed(t, format, d.data[len(d.data)/2:])
		for n, data := range []string{whole, halves} {
			path := deb{}.write(t, arMember("debian-binary", "2.0\n"), arMember("control.tar", string(d.control)), arMember("data.tar"+format.Extension(), data))
			got, _, err := readWhole(path)
			if n == 0 || want == "" {
				if err != nil || string(got) != string(d.data) {
					t.Errorf("%s, %d streams: %d bytes, %v", format, n+1, len(got), err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %d streams: %d bytes, %v", format, n+1, len(got), err)
			}
		}
		control := packed(t, format, d.control)
		path := deb{}.write(t, arMember("debian-binary", "2.0\n"), arMember("control.tar"+format.Extension(), control+control), arMember("data.tar", string(d.data)))
		if _, err := Open(path); want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s, control.tar twice: %v", format, err)
		}
	}
}
