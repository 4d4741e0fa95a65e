package payload

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// sharedLibrary is the least that ldconfig takes for one. Its segments say one name, its sections another.
func sharedLibrary(name, bySections string) []byte {
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v)
		}
	}
	const header, segments, dynamics = 64, 2 * 56, 3 * 16
	strings := append([]byte("\x00"+name+"\x00"), bySections+"\x00"...)
	at := uint64(header + segments)
	table := at + 2*dynamics
	sections := table + uint64(len(strings))
	put([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"), uint16(3), uint16(62), uint32(1), uint64(0), uint64(header), sections, uint32(0),
		uint16(64), uint16(56), uint16(2), uint16(64), uint16(3), uint16(1))
	put(uint32(1), uint32(5), uint64(0), uint64(0), uint64(0), sections, sections, uint64(4096))
	put(uint32(2), uint32(6), at, at, at, uint64(dynamics), uint64(dynamics), uint64(8))
	put(uint64(14), uint64(1), uint64(5), table, uint64(0), uint64(0))
	put(uint64(14), uint64(len(name)+2), uint64(5), table, uint64(0), uint64(0))
	put(strings)
	put(make([]byte, 64))
	put(uint32(0), uint32(3), uint64(0), uint64(0), table, uint64(len(strings)), uint32(0), uint32(0), uint64(1), uint64(0))
	put(uint32(0), uint32(6), uint64(0), uint64(0), at+dynamics, uint64(dynamics), uint32(1), uint32(0), uint64(8), uint64(16))
	return b.Bytes()
}

func TestSoname(t *testing.T) {
	for want, content := range map[string][]byte{
		"libhello.so.1": sharedLibrary("libhello.so.1", "libz.so.1"),
		"":              []byte("INPUT(-lz)"),
	} {
		if got := soname(bytes.NewReader(content)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := soname(bytes.NewReader(sharedLibrary("../../lib/libz.so.1", ""))); got != "" {
		t.Errorf("%q has a slash", got)
	}
	whole := sharedLibrary("libhello.so.1", "x")
	for n := range whole {
		soname(bytes.NewReader(whole[:n])) // ends
	}
	for _, real := range []string{"libc.so.6", "libz.so.1", "libdl.so.2"} {
		found, _ := filepath.Glob("/lib/*-linux-gnu/" + real)
		for _, path := range found {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := soname(bytes.NewReader(content)); got != real {
				t.Errorf("%s: %q", path, got)
			}
		}
	}
}

func TestLibraries(t *testing.T) {
	for _, c := range []struct {
		entry Entry
		ok    bool
	}{
		{Entry{Path: "/usr/lib/x86_64-linux-gnu/libhello.so.1.0", Soname: "libhello.so.1"}, true},
		{Entry{Path: "/lib/x86_64-linux-gnu/libhello.so.1", Link: "libhello.so.1.0"}, true},
		{Entry{Path: "/usr/lib/libhello.so", Link: "libhello.so.1"}, true},
		{Entry{Path: "/usr/lib/x86_64-linux-gnu/libhello.so.99", Soname: "libz.so.1"}, false},
		{Entry{Path: "/usr/lib/x86_64-linux-gnu/libhello.so.99"}, false},
		{Entry{Path: "/usr/lib/x86_64-linux-gnu/libhello.so.1", Link: "libz.so.1"}, false},
		{Entry{Path: "/usr/lib/x86_64-linux-gnu/libhello.so.1", Link: "hello/libhello.so.1"}, false},
		{Entry{Path: "/usr/lib/x86_64-linux-gnu/libnss_hello.so.2", Soname: "libnss_hello.so.2"}, false},
		{Entry{Path: "/usr/lib/x86_64-linux-gnu/ld-linux.so.2", Soname: "ld-linux.so.2"}, false},
	} {
		if _, err := (Policy{Module: "hello"}).Check(Package{Entries: []Entry{c.entry}}); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.entry, err)
		}
	}
}
