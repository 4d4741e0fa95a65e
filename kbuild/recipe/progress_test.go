package recipe

import (
	"slices"
	"strings"
	"testing"
)

const output = "make: Entering directory '/usr/src/linux-headers-6.1.0-56-amd64'\n" +
	"  CC [M]  /var/lib/dkms/a/1/build/one.o\n" +
	"  AS [M]  /var/lib/dkms/a/1/build/two.o\n" +
	"/b/a.c:1:1: error: x\n" +
	"  CC [M]  three.o\n" + // from Linux 6.13 on
	"  LD [M]  /var/lib/dkms/a/1/build/a.o\n" +
	"  MODPOST /var/lib/dkms/a/1/build/Module.symvers\n" +
	"  CC      /var/lib/dkms/a/1/build/a.mod.o\n" +
	"CC something\n" +
	"  HOSTCC  tool"

// TestProgress splits the same output at every place.
func TestProgress(t *testing.T) {
	want := []Progress{{1, "one.o"}, {2, "two.o"}, {3, "three.o"}, {4, "a.mod.o"}, {5, "tool"}}
	for size := 1; size <= len(output); size++ {
		var got []Progress
		w := &progressWriter{event: func(p Progress) { got = append(got, p) }}
		for chunk := range slices.Chunk([]byte(output), size) {
			if n, err := w.Write(chunk); n != len(chunk) || err != nil {
				t.Fatalf("wrote %d of %d, %v", n, len(chunk), err)
			}
		}
		w.close()
		if !slices.Equal(got, want) || w.errors.message != "/b/a.c:1:1: error: x" {
			t.Fatalf("in pieces of %d: %v, first error %q", size, got, w.errors.message)
		}
	}
}

func TestProgressLongLine(t *testing.T) {
	w := &progressWriter{}
	for range 1000 {
		w.Write([]byte(strings.Repeat("x", 4096)))
	}
	if len(w.partial) > 2*maxLine {
		t.Errorf("it keeps %d bytes of a line", len(w.partial))
	}
	w.Write([]byte("\n  CC [M]  a.o\n"))
	if w.files != 1 {
		t.Errorf("after a long line it saw %d files", w.files)
	}
}

func TestProgressEscapes(t *testing.T) {
	var got Progress
	w := &progressWriter{event: func(p Progress) { got = p }}
	w.Write([]byte("  CC [M]  /b/\x1b[2J\xff.o\n"))
	if got.File != "�[2J�.o" {
		t.Errorf("got %q", got.File)
	}
}

func TestProgressUnfinishedError(t *testing.T) {
	w := &progressWriter{}
	w.Write([]byte("configure: error: no"))
	w.close()
	if w.errors.message != "configure: error: no" {
		t.Errorf("got %q", w.errors.message)
	}
}
