// Package signed says whether a module's file is signed (module-signing.rst). It neither signs nor verifies.
package signed

import (
	"bytes"
	"errors"
	"io"
	"os"

	"mago/debpkg/codec"
)

// mark ends every signed module, after its PKCS#7 signature.
const mark = "~Module signature appended~\n"

// maxModule is how many bytes of a module are read to find its end; NVIDIA's largest has 100 MB.
const maxModule = 1 << 30

// File reports whether a module's file is signed, compressed or not.
func File(path string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	stream, _, err := codec.NewReader(file)
	if err != nil {
		return false, err
	}
	defer stream.Close()
	end := &tail{}
	if _, err := io.Copy(end, io.LimitReader(stream, maxModule)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return bytes.HasSuffix(end.last, []byte(mark)), nil
}

// tail keeps the end of what is written to it.
type tail struct{ last []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.last = append(t.last, p[max(len(p)-len(mark), 0):]...)
	t.last = t.last[max(len(t.last)-len(mark), 0):]
	return len(p), nil
}
