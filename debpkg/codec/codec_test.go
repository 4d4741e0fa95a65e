package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"testing"

	"github.com/pierrec/lz4/v4"
)

// sample is text that programs compress quickly.
var sample = text(4<<20 + 12345)

func text(size int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	var out []byte
	for len(out) < 32<<10 {
		out = fmt.Appendf(out, "Package: p%d\nVersion: %d\n\n", len(out), random.Uint32())
	}
	return bytes.Repeat(out, size/len(out)+1)[:size]
}

// compressors make a stream of each format; those of Debian's programs are the ones that matter.
var compressors = []struct {
	format Format
	argv   []string
}{
	{Gzip, []string{"gzip", "-c"}},
	{Bzip2, []string{"bzip2", "-c"}},
	{XZ, []string{"xz", "-c"}},
	{LZMA, []string{"xz", "--format=lzma", "-c"}},
	{Zstd, []string{"zstd", "-c"}},
	{LZ4, nil},
	{None, nil},
}

func compressed(t testing.TB, format Format, argv []string, in []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	switch {
	case argv != nil:
		pipe(t, &out, in, argv...)
	case format == LZ4:
		w := lz4.NewWriter(&out)
		_, err := w.Write(in)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
	default:
		out.Write(in)
	}
	return out.Bytes()
}

// pipe runs in through a program, and skips the test where that is missing.
func pipe(t testing.TB, out io.Writer, in []byte, argv ...string) {
	t.Helper()
	if _, err := exec.LookPath(argv[0]); err != nil {
		t.Skipf("program %s is missing", argv[0])
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout = bytes.NewReader(in), out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%q: %v", argv, err)
	}
}

func decoded(in []byte) ([]byte, Format, error) {
	r, format, err := NewReader(bytes.NewReader(in))
	if err != nil {
		return nil, format, err
	}
	defer r.Close()
	out, err := io.ReadAll(r)
	return out, format, err
}

func TestReaderOpensEveryFormat(t *testing.T) {
	for _, c := range compressors {
		t.Run(string(c.format), func(t *testing.T) {
			in := sample[:1<<20]
			out, format, err := decoded(compressed(t, c.format, c.argv, in))
			if err != nil || format != c.format {
				t.Fatalf("format = %s, err = %v", format, err)
			}
			if !bytes.Equal(out, in) {
				t.Errorf("%d bytes came back, want %d", len(out), len(in))
			}
		})
	}
}

func TestReaderTellsTruncation(t *testing.T) {
	for _, c := range compressors {
		if c.format == None {
			continue
		}
		t.Run(string(c.format), func(t *testing.T) {
			whole := compressed(t, c.format, c.argv, sample[:100_000])
			for _, keep := range []int{7, 20, len(whole) / 2, len(whole) - 1} {
				if out, _, err := decoded(whole[:keep]); err == nil {
					t.Errorf("the first %d of %d bytes gave %d bytes and no error", keep, len(whole), len(out))
				}
			}
		})
	}
}

func TestReaderTellsDamage(t *testing.T) {
	for _, c := range compressors[:5] {
		if c.format == LZMA {
			continue // has no checksum
		}
		t.Run(string(c.format), func(t *testing.T) {
			whole := compressed(t, c.format, c.argv, sample[:100_000])
			whole[len(whole)/2] ^= 0x10
			if out, _, err := decoded(whole); err == nil && !bytes.Equal(out, sample[:100_000]) {
				t.Error("other bytes came back and no error")
			}
		})
	}
}

func TestReaderOfShortStreams(t *testing.T) {
	for _, in := range []string{"", "x", "!<ar"} {
		if out, format, err := decoded([]byte(in)); err != nil || format != None || string(out) != in {
			t.Errorf("%q: %q, %s, %v", in, out, format, err)
		}
	}
	if _, _, err := decoded([]byte("\x1f\x8b")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("magic alone: err = %v, want unexpected EOF", err)
	}
}

func TestReaderMayBeClosedEarly(t *testing.T) {
	for _, c := range compressors {
		t.Run(string(c.format), func(t *testing.T) {
			r, _, err := NewReader(bytes.NewReader(compressed(t, c.format, c.argv, sample[:1<<20])))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
				t.Error(err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestExtensions(t *testing.T) {
	for _, f := range []Format{None, Gzip, Bzip2, XZ, LZMA, LZ4, Zstd} {
		if got, ok := ByExtension(f.Extension()); got != f || !ok {
			t.Errorf("ByExtension(%q) = %s, %v, want %s", f.Extension(), got, ok, f)
		}
	}
	if got, ok := ByExtension(".rar"); ok {
		t.Errorf("ByExtension(.rar) = %s", got)
	}
}
