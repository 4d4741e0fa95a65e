package codec

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// TestAhead: what comes through is the stream, however it is cut, and its error.
func TestAhead(t *testing.T) {
	broken := errors.New("broken")
	for _, size := range []int{0, 1, aheadBytes, 20*aheadBytes + 7} {
		whole := sample[:size]
		for name, r := range map[string]io.Reader{
			"whole": bytes.NewReader(whole), "data with the end": iotest.DataErrReader(bytes.NewReader(whole)), "halves": iotest.HalfReader(bytes.NewReader(whole)),
		} {
			a := Ahead(io.MultiReader(r, iotest.ErrReader(broken)))
			got, err := io.ReadAll(iotest.HalfReader(a))
			if !errors.Is(err, broken) || !bytes.Equal(got, whole) {
				t.Errorf("%s: %d of %d bytes, %v", name, len(got), size, err)
			}
			if _, err := a.Read(make([]byte, 1)); !errors.Is(err, broken) {
				t.Errorf("%s: then %v", name, err)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// reads tells of each call of Read before it answers.
type reads struct{ calls chan struct{} }

func (r reads) Read(p []byte) (int, error) {
	r.calls <- struct{}{}
	return len(p), nil
}

// TestAheadStays: it reads before it is asked, waits when it is far enough ahead, and reads nothing after Close.
func TestAheadStays(t *testing.T) {
	r := reads{make(chan struct{})}
	a := Ahead(r)
	for range aheadBlocks + 1 { // one of which nobody takes
		<-r.calls
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.calls:
		t.Error("it reads on")
	default:
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
