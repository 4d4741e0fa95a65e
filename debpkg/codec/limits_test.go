package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// allocated is how many bytes do allocates on the heap, those already freed included.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// xzOf is a stream whose only block asks for a dictionary of that code (the .xz file format, 5.3.1).
func xzOf(t testing.TB, code byte, in []byte) []byte {
	t.Helper()
	stream := compressed(t, XZ, []string{"xz", "-c"}, in)
	block := stream[12 : 12+4*(int(stream[12])+1)]
	if block[2] != 0x21 || block[3] != 1 {
		t.Fatalf("the block begins with % x", block)
	}
	block[4] = code
	binary.LittleEndian.PutUint32(block[len(block)-4:], crc32.ChecksumIEEE(block[:len(block)-4]))
	return stream
}

// lzmaOf is a stream that asks for a dictionary of that many bytes (the .lzma file format, 1.1.2).
func lzmaOf(t testing.TB, dictionary uint32, in []byte) []byte {
	t.Helper()
	stream := compressed(t, LZMA, []string{"xz", "--format=lzma", "-c"}, in)
	binary.LittleEndian.PutUint32(stream[1:], dictionary)
	return stream
}

// zstdOf is a frame header with a window of 2^log bytes (RFC 8878, 3.1.1.1), and an empty last block.
func zstdOf(log byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3, 1, 0, 0}
}

// TestReaderLimitsMemory: what a few bytes may have a decoder allocate.
func TestReaderLimitsMemory(t *testing.T) {
	in := sample[:1000]
	for name, test := range map[string]struct {
		stream []byte
		want   string
	}{
		"xz, 64 MiB":            {xzOf(t, 28, in), ""},
		"xz, 96 MiB":            {xzOf(t, 29, in), "more than 67108864 bytes of dictionary"},
		"xz, 4 GiB":             {xzOf(t, 40, in), "more than 67108864 bytes of dictionary"},
		"zstd, 128 MiB":         {zstdOf(27), ""},
		"zstd, 256 MiB":         {zstdOf(28), "more than 134217728 bytes of window"},
		"zstd, 2 TiB":           {zstdOf(41), "more than 134217728 bytes of window"},
		"zstd, one segment":     {[]byte("\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x01\x00\x00\x01\x00\x00"), "more than 134217728 bytes of window"},
		"lzma, 64 MiB":          {lzmaOf(t, 64<<20, in), ""},
		"lzma, 1 GiB":           {lzmaOf(t, 1<<30, in), "more than 268435456 bytes of memory"},
		"gzip, huge extra":      {[]byte("\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x03\xff\xff"), "unexpected EOF"},
		"bzip2, highest level":  {compressed(t, Bzip2, []string{"bzip2", "-9c"}, in), ""},
		"bzip2, declared block": {[]byte("BZh9\x31\x41\x59\x26\x53\x59"), "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			took := allocated(func() { _, _, err = decoded(test.stream) })
			if test.want == "" && err != nil || !strings.Contains(errorText(err), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
			if strings.HasPrefix(test.want, "more than") && !errors.As(err, new(*LimitError)) {
				t.Errorf("err is %T", err)
			}
			if took > 2*zstdWindow+8<<20 {
				t.Errorf("%d bytes allocated for a stream of %d", took, len(test.stream))
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestLimit: a bomb of 4 GB in 4 MB, and again compressed, stops where it is told to.
func TestLimit(t *testing.T) {
	const max = 1 << 20
	var packed io.Reader = io.LimitReader(zeros{}, 4<<30)
	for range 2 {
		packed = gzipped(t, packed)
	}
	for range 2 {
		r, _, err := NewReader(packed)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		packed = r
	}
	n, err := io.Copy(io.Discard, Limit(packed, max))
	var limit *LimitError
	if !errors.As(err, &limit) || n != max || err.Error() != "more than 1048576 bytes" {
		t.Errorf("%d bytes, %v", n, err)
	}
	for _, size := range []int{0, 1, max - 1, max} {
		if n, err := io.Copy(io.Discard, Limit(bytes.NewReader(sample[:size]), max)); err != nil || n != int64(size) {
			t.Errorf("of %d bytes: %d, %v", size, n, err)
		}
	}
}

// gzipped compresses while it is read.
func gzipped(t *testing.T, in io.Reader) io.Reader {
	r, w := io.Pipe()
	t.Cleanup(func() { r.Close() })
	go func() {
		zw, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // the level is good
		_, err := io.Copy(zw, in)
		zw.Close()
		w.CloseWithError(err)
	}()
	return r
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
