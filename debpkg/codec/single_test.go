package codec

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
)

func decodedSingle(in []byte) ([]byte, error) {
	r, _, err := NewSingleReader(bytes.NewReader(in))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// TestSingleReader: one stream of each format is read as NewReader reads it; a second one, which dpkg-deb would not see, is an
// error but for gzip's.
func TestSingleReader(t *testing.T) {
	for _, c := range compressors {
		t.Run(string(c.format), func(t *testing.T) {
			for _, in := range [][]byte{nil, []byte("short\n"), sample[:1<<20]} {
				whole := compressed(t, c.format, c.argv, in)
				if out, err := decodedSingle(whole); err != nil || !bytes.Equal(out, in) {
					t.Fatalf("%d bytes: %d came back, %v", len(in), len(out), err)
				}
				if c.format == None || c.format == LZ4 {
					continue // no compression of a .deb
				}
				for _, second := range [][]byte{whole, compressed(t, c.format, c.argv, nil)} {
					out, err := decodedSingle(slices.Concat(whole, second))
					if c.format == Gzip && err != nil || c.format != Gzip && err == nil {
						t.Errorf("two streams: %d bytes, %v", len(out), err)
					}
				}
				for cut := range min(len(whole), 40) {
					if out, err := decodedSingle(whole[:cut]); err == nil && Detect(whole[:cut]) != None {
						t.Errorf("the first %d of %d bytes give %d", cut, len(whole), len(out))
					}
				}
			}
		})
	}
}

func TestSingleReaderTakesPadding(t *testing.T) {
	in := compressed(t, XZ, []string{"xz", "-c"}, []byte("short\n"))
	if out, err := decodedSingle(slices.Concat(in, make([]byte, 8))); err != nil || string(out) != "short\n" {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := decodedSingle(slices.Concat(in, make([]byte, 8), in)); !errors.Is(err, errSecond) {
		t.Errorf("a stream behind the padding: %q, %v", out, err)
	}
}

// TestZstdFrames: frames with and without a checksum, a size and several blocks are as long as the walk over their blocks says.
func TestZstdFrames(t *testing.T) {
	for _, args := range [][]string{{"--no-check"}, {"--check"}, {"--no-content-size"}, {"-19", "--long"}, {"-1", "--single-thread"}} {
		for _, in := range [][]byte{[]byte("short\n"), bytes.Repeat([]byte{7}, 1<<20), sample} {
			whole := compressed(t, Zstd, append([]string{"zstd", "-qc"}, args...), in)
			if out, err := decodedSingle(whole); err != nil || !bytes.Equal(out, in) {
				t.Errorf("%q: %d of %d bytes, %v", args, len(out), len(in), err)
			}
			if _, err := decodedSingle(slices.Concat(whole, whole)); !errors.Is(err, errSecond) {
				t.Errorf("%q, twice: %v", args, err)
			}
		}
	}
}
