package codec

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mago/cmd/lab/oracle"
)

// decoders are the formats' own programs.
var decoders = map[Format][]string{
	Gzip: {"gzip", "-dc"}, Bzip2: {"bzip2", "-dc"}, XZ: {"xz", "--format=xz", "-dc"}, LZ4: {"lz4", "-dc"}, Zstd: {"zstd", "-dcq"},
}

// byProgram decodes with the format's own program: err is nil where it had nothing to complain of.
func byProgram(t testing.TB, format Format, in []byte, most int64) (out []byte, complaint string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(decoders[format][0], decoders[format][1:]...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &atMost{&stdout, most}, &stderr
	err = oracle.Run(t, cmd)
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal(err)
	}
	return stdout.Bytes(), stderr.String(), err
}

// atMost breaks the pipe of a program that writes more.
type atMost struct {
	w    io.Writer
	left int64
}

func (a *atMost) Write(p []byte) (int, error) {
	if a.left -= int64(len(p)); a.left < 0 {
		return 0, io.ErrShortWrite
	}
	return a.w.Write(p)
}

// FuzzReaderAgreesWithPrograms: what gzip, bzip2, xz, lz4 and zstd refuse is refused, and what they accept comes out the
// same. Beyond that only what stricter lists is refused.
func FuzzReaderAgreesWithPrograms(f *testing.F) {
	for _, c := range compressors {
		if decoders[c.format] == nil {
			continue
		}
		needsProgram(f, decoders[c.format][0])
		short, long := compressed(f, c.format, c.argv, []byte("short\n")), compressed(f, c.format, c.argv, sample[:3000])
		f.Add(short)
		f.Add(long)
		f.Add(slices.Concat(short, long))
		f.Add(slices.Concat(short, make([]byte, 8)))
		f.Add(slices.Concat(short, []byte("rest")))
		f.Add(slices.Concat(short, []byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), short)) // a frame to skip
		f.Add(long[:len(long)-3])
	}
	for _, args := range [][]string{{"--check=none"}, {"--check=sha256"}, {"--x86", "--lzma2"}, {"--delta=dist=4", "--lzma2=preset=1"}, {"--block-size=1000"}, {"-9"}} {
		f.Add(compressed(f, XZ, append([]string{"xz", "-c"}, args...), sample[:3000]))
	}
	plain := member(f, 0)
	for _, flags := range []byte{0x01, 0x02, 0x04, 0x08, 0x10, 0x1f, 0x20, 0x40, 0x80} {
		f.Add(member(f, flags))
		f.Add(slices.Concat(plain, member(f, flags)))
		damaged := member(f, flags|0x02)
		damaged[len(damaged)-len(plain)+9]++ // in the header's checksum
		f.Add(damaged)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		format := Detect(in)
		if decoders[format] == nil {
			t.Skip("no stream of a format that has a program")
		}
		const most = 1 << 20
		got, _, err := decodedUpTo(in, most)
		if err != nil && errors.As(err, new(*LimitError)) {
			t.Skip("too long, or too much memory")
		}
		want, complaint, theirs := byProgram(t, format, in, most)
		switch {
		case err == nil && theirs != nil:
			t.Errorf("%s is refused by its program (%v: %s) and gives %q here", format, theirs, complaint, got)
		case err == nil && !bytes.Equal(got, want):
			t.Errorf("%s gives %q by its program and %q here", format, want, got)
		case err != nil && theirs == nil && !stricter(in, err, complaint):
			t.Errorf("%s gives %q by its program, and here %v", format, want, err)
		}
	})
}

func needsProgram(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("program %s is missing", name)
	}
}

func decodedUpTo(in []byte, most int64) ([]byte, Format, error) {
	r, format, err := NewReader(bytes.NewReader(in))
	if err != nil {
		return nil, format, err
	}
	defer r.Close()
	out, err := io.ReadAll(Limit(r, most))
	return out, format, err
}

// stricter reports what is refused here on purpose although the format's program takes it: bytes behind the end of a
// stream, where something has been cut or added (tapes were padded so; no tarball or package is), streams of other formats
// there, with which gzip and zstd go on, a name in gzip's header that no file can have, and bzip2's streams of 1996.
func stricter(in []byte, err error, complaint string) bool {
	for _, text := range []string{"magic number mismatch", "block randomization is not supported"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return strings.Contains(complaint, "trailing garbage after EOF ignored") || errors.Is(err, gzip.ErrHeader) || padded(in)
}

// padded reports whether it is for zeros at its end that a stream is refused.
func padded(in []byte) bool {
	end := len(bytes.TrimRight(in, "\x00"))
	for last := min(len(in), end+64); end < last; end++ {
		if _, _, err := decodedUpTo(in[:end], 1<<20); err == nil {
			return true
		}
	}
	return false
}
