package codec

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

func encoded(t testing.TB, format Format, threads int, in []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, format, threads)
	if err != nil {
		t.Fatal(err)
	}
	for len(in) > 0 { // odd pieces, so that chunks end within them
		n := min(len(in), 77_777)
		if _, err := w.Write(in[:n]); err != nil {
			t.Fatal(err)
		}
		in = in[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var writable = []struct {
	format  Format
	decoder []string
}{
	{None, []string{"cat"}},
	{Gzip, []string{"gzip", "-dc"}},
	{XZ, []string{"xz", "-dc"}},
	{Zstd, []string{"zstd", "-dcq"}},
}

func TestWriterIsReadByTheFormatsOwnProgram(t *testing.T) {
	for _, c := range writable {
		for _, size := range []int{0, 1, 1 << 20, len(sample)} {
			t.Run(string(c.format), func(t *testing.T) {
				var out bytes.Buffer
				pipe(t, &out, encoded(t, c.format, 0, sample[:size]), c.decoder...)
				if !bytes.Equal(out.Bytes(), sample[:size]) {
					t.Errorf("%d bytes came back, want %d", out.Len(), size)
				}
			})
		}
	}
}

func TestWriterGivesTheSameBytesForAnyThreads(t *testing.T) {
	for _, c := range writable {
		t.Run(string(c.format), func(t *testing.T) {
			in := sample
			if c.format == XZ {
				in = append(sample[:1<<20:1<<20], make([]byte, 16<<20)...) // two blocks, the second soon packed
			}
			want := encoded(t, c.format, 1, in)
			for _, threads := range []int{0, 5} {
				if !bytes.Equal(encoded(t, c.format, threads, in), want) {
					t.Errorf("%d threads give other bytes than one", threads)
				}
			}
		})
	}
}

// TestSmallXZ: what is as long as may be is written with a dictionary of 1 MiB, and what is longer with xz's own of 8 MiB.
func TestSmallXZ(t *testing.T) {
	for size, want := range map[int]byte{smallXZ: 16, smallXZ + 1: 22} {
		out := encoded(t, XZ, 0, sample[:size])
		header := out[12:36]                                                         // the first block's, behind the stream's
		if i := bytes.Index(header, []byte{0x21, 1}); i < 0 || header[i+2] != want { // LZMA2, and its one byte of properties
			t.Errorf("%d bytes: the block's header is % x", size, header)
		}
	}
}

// TestXZIsDeafToItsEnvironment: XZ_DEFAULTS=--format=lzma would make a package that dpkg-deb cannot read.
func TestXZIsDeafToItsEnvironment(t *testing.T) {
	in := sample[:1<<20]
	want := encoded(t, XZ, 1, in)
	lzma := compressed(t, LZMA, []string{"xz", "--format=lzma", "-c"}, in)
	for _, env := range [][2]string{{"XZ_OPT", "-0"}, {"XZ_DEFAULTS", "--format=lzma"}, {"XZ_OPT", "--no-such-option"}} {
		t.Run(env[0]+"="+env[1], func(t *testing.T) {
			t.Setenv(env[0], env[1])
			if !bytes.Equal(encoded(t, XZ, 1, in), want) {
				t.Error("other bytes")
			}
			if got, format, err := decoded(lzma); format != LZMA || err != nil || !bytes.Equal(got, in) {
				t.Errorf("reading .lzma: %d bytes of %s, %v", len(got), format, err)
			}
		})
	}
}

func TestWriterTellsAFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full: ", err)
	}
	defer full.Close()
	for _, c := range writable[1:] {
		w, err := NewWriter(full, c.format, 2)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.Write(sample)
		if err := errors.Join(err, w.Close()); err == nil {
			t.Errorf("%s: no error", c.format)
		}
	}
}

func TestWriterRefusesOtherFormats(t *testing.T) {
	if _, err := NewWriter(new(bytes.Buffer), Bzip2, 1); err == nil || err.Error() != "writing bzip2 streams is not supported" {
		t.Errorf("err = %v", err)
	}
}

func TestMissingXZIsNamed(t *testing.T) {
	t.Setenv("PATH", "")
	if _, err := NewWriter(new(bytes.Buffer), XZ, 1); err != ErrNoXZ {
		t.Errorf("writing .xz: err = %v", err)
	}
	if _, _, err := NewReader(bytes.NewReader([]byte("\x5d\x00\x00\x80\x00"))); !errors.Is(err, ErrNoXZ) {
		t.Errorf("reading .lzma: err = %v", err)
	}
}
