package codec

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// FuzzReader: whatever the stream, a decoder neither panics nor runs away, and the end of a stream that fails
// in the middle is an error.
func FuzzReader(f *testing.F) {
	for _, c := range compressors {
		f.Add(compressed(f, c.format, c.argv, sample[:2000]))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if Detect(in) == LZMA {
			t.Skip("decoded by another program")
		}
		broken := io.MultiReader(bytes.NewReader(in), failing{})
		r, format, err := NewReader(broken)
		if err != nil {
			return
		}
		defer r.Close()
		n, err := io.Copy(io.Discard, io.LimitReader(r, 4<<20))
		if err == nil && n < 4<<20 {
			t.Errorf("%s: a read error of the source was lost", format)
		}
	})
}

var errBroken = errors.New("broken")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }
