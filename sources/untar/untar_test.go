package untar

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// entry is one header and, for files, their content.
type entry struct {
	tar.Header
	content string
}

func file(name, content string) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}, content}
}

func dir(name string) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755}}
}

func symlink(name, target string) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}}
}

func hardlink(name, target string) entry {
	return entry{Header: tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target, Mode: 0o644}}
}

func special(name string, kind byte) entry {
	return entry{Header: tar.Header{Typeflag: kind, Name: name, Mode: 0o644, Devmajor: 1, Devminor: 3}}
}

// archive writes the entries as a tar archive; a file that declares more than it has is cut there.
func archive(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
		if e.Typeflag == tar.TypeReg && e.Size > int64(len(e.content)) {
			return buf.Bytes()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// open extracts into a new directory beside a victim and reports an error if the victim was touched.
func open(t testing.TB, r io.Reader, o Options) (string, Stats, error) {
	t.Helper()
	top := t.TempDir()
	victim := filepath.Join(top, "victim")
	if err := os.WriteFile(victim, []byte("intact"), 0o600); err != nil {
		t.Fatal(err)
	}
	tree := filepath.Join(top, "tree")
	if err := os.Mkdir(tree, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(tree)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if o.Archive == "" {
		o.Archive = "test.tar"
	}
	stats, err := Extract(context.Background(), root, r, o)
	outside, _ := os.ReadDir(top)
	content, _ := os.ReadFile(victim)
	if info, _ := os.Lstat(victim); len(outside) != 2 || string(content) != "intact" || info.Mode() != 0o600 {
		t.Errorf("something outside the tree changed: %v, %q", outside, content)
	}
	return tree, stats, err
}

func TestExtractRefusesWhatReachesOutside(t *testing.T) {
	for name, test := range map[string]struct {
		entries []entry
		reason  string
	}{
		"dot dot":                  {[]entry{file("../victim", "x")}, `".." in the name`},
		"dot dot inside":           {[]entry{file("a/../../victim", "x")}, `".." in the name`},
		"harmless dot dot":         {[]entry{file("a/../b", "x")}, `".." in the name`},
		"dot dot directory":        {[]entry{dir("../new")}, `".." in the name`},
		"absolute name":            {[]entry{file("/tmp/x", "x")}, "absolute name"},
		"absolute directory":       {[]entry{dir("/new")}, "absolute name"},
		"absolute link":            {[]entry{symlink("a", "/etc/shadow")}, "link to the absolute name"},
		"climbing link":            {[]entry{symlink("d/a", "../../victim")}, "link out of the tree"},
		"climbing link, unclean":   {[]entry{symlink("d/a", "x/../../../victim")}, "link out of the tree"},
		"empty link":               {[]entry{symlink("a", "")}, "link to nowhere"},
		"write through link":       {[]entry{dir("d"), symlink("l", "d"), file("l/x", "x")}, "is not a directory"},
		"directory through link":   {[]entry{dir("d"), symlink("l", "d"), dir("l")}, "is not a directory"},
		"write through later link": {[]entry{file("f", "x"), file("f/x", "x")}, "is not a directory"},
		"hard link out":            {[]entry{hardlink("a", "../victim")}, "hard link to ../victim"},
		"absolute hard link":       {[]entry{hardlink("a", "/etc/passwd")}, "hard link to /etc/passwd"},
		"hard link to nothing":     {[]entry{hardlink("a", "b")}, "which is not a file"},
		"hard link nowhere":        {[]entry{hardlink("a", "b/c")}, "which is not in the archive"},
		"hard link to link":        {[]entry{symlink("l", "x"), hardlink("a", "l")}, "which is not a file"},
		"hard link through link":   {[]entry{file("d/x", "x"), symlink("l", "d"), hardlink("a", "l/x")}, "which is not in the archive"},
		"hard link to directory":   {[]entry{dir("d"), hardlink("a", "d")}, "which is not a file"},
		"file over directory":      {[]entry{dir("d"), file("d", "x")}, "takes the place of a directory"},
		"link over directory":      {[]entry{dir("d"), symlink("d", "e")}, "takes the place of a directory"},
		"link over the tree":       {[]entry{symlink(".", "e")}, "takes the place of a directory"},
		"device over directory":    {[]entry{dir("d"), special("d", tar.TypeChar)}, "takes the place of a directory"},
		"fifo through link":        {[]entry{dir("d"), symlink("l", "d"), special("l/x", tar.TypeFifo)}, "is not a directory"},
		"contiguous file":          {[]entry{special("odd", tar.TypeCont)}, "unknown type 7"},
	} {
		t.Run(name, func(t *testing.T) {
			last := test.entries[len(test.entries)-1]
			_, _, err := open(t, bytes.NewReader(archive(t, test.entries...)), Options{})
			var unsafe *UnsafeError
			if !errors.As(err, &unsafe) || unsafe.Archive != "test.tar" || unsafe.Entry != last.Name || !strings.Contains(unsafe.Reason, test.reason) {
				t.Errorf("err = %v, want %q", err, test.reason)
			}
		})
	}
}

// TestExtractLeavesOutSpecialFiles also where they take the place of a file.
func TestExtractLeavesOutSpecialFiles(t *testing.T) {
	entries := []entry{file("Makefile", "x"), special("dev/null", tar.TypeChar), special("sda", tar.TypeBlock), file("pipe", "x"), special("pipe", tar.TypeFifo)}
	tree, stats, err := open(t, bytes.NewReader(archive(t, entries...)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(t, tree); !slices.Equal(got, []string{"Makefile", "dev"}) || !slices.Equal(stats.LeftOut, []string{"dev/null", "sda", "pipe"}) {
		t.Errorf("made %q, left out %q", got, stats.LeftOut)
	}
	many := slices.Repeat([]entry{special("pipe", tar.TypeFifo)}, mostLeftOut+1)
	if _, stats, err = open(t, bytes.NewReader(archive(t, many...)), Options{}); err != nil || len(stats.LeftOut) != mostLeftOut {
		t.Errorf("left out %q, %v", stats.LeftOut, err)
	}
}

// A chain of links, each of whose texts stays inside, must not lead out either: l/.. is not where l lies.
func TestExtractKeepsLinkChainsInside(t *testing.T) {
	tree, _, err := open(t, bytes.NewReader(archive(t,
		dir("a/b/c"), symlink("a/b/c/l", "../../.."), symlink("m", "a/b/c/l/.."), file("a/b/f", "x"))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := filepath.EvalSymlinks(filepath.Join(tree, "m")); err != nil || got != filepath.Join(tree, "a/b/c") {
		t.Errorf("m leads to %s, %v", got, err)
	}
}

func TestExtractRootsAbsoluteLinksOfPackages(t *testing.T) {
	for _, test := range []struct{ name, target, want string }{
		{"usr/src/m/x", "/usr/share/y", "../../../usr/share/y"},
		{"x", "/y", "y"},
		{"d/x", "/../../y", "../y"},
		{"d/x", "/", ".."},
		{"d/x", "../y", "../y"},
	} {
		tree, _, err := open(t, bytes.NewReader(archive(t, symlink(test.name, test.target))), Options{Rooted: true})
		if err != nil {
			t.Errorf("%s -> %s: %v", test.name, test.target, err)
		}
		if got, _ := os.Readlink(filepath.Join(tree, test.name)); got != test.want {
			t.Errorf("%s -> %s became %q, want %q", test.name, test.target, got, test.want)
		}
	}
	_, _, err := open(t, bytes.NewReader(archive(t, symlink("d/x", "../../y"))), Options{Rooted: true})
	if !errors.As(err, new(*UnsafeError)) {
		t.Errorf("a link that climbs out: err = %v", err)
	}
}

// TestExtractStopsSparseBombs: a hole of a terabyte, by tar(1) in its several ways.
func TestExtractStopsSparseBombs(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("no tar(1) to make them")
	}
	top := t.TempDir()
	for _, err := range []error{os.WriteFile(filepath.Join(top, "hole"), nil, 0o644), os.Truncate(filepath.Join(top, "hole"), 1<<40)} {
		if err != nil {
			t.Skip("no file of a terabyte: ", err)
		}
	}
	for _, args := range [][]string{
		{"--format=gnu"}, {"--format=posix", "--sparse-version=0.0"}, {"--format=posix", "--sparse-version=0.1"}, {"--format=posix", "--sparse-version=1.0"},
	} {
		data := tarProgram(t, top, append(args, "--sparse", "-cf", "-", "hole")...)
		_, stats, err := open(t, bytes.NewReader(data), Options{})
		var limit *LimitError
		if !errors.As(err, &limit) || limit.What != "bytes" || limit.Max != DefaultLimits.Bytes || stats.Bytes != 0 {
			t.Errorf("%q: %+v, %v", args, stats, err)
		}
	}
}

// TestExtractStopsHeaderBombs: what belongs to no file counts, too, and a header of any size does not lie in memory.
func TestExtractStopsHeaderBombs(t *testing.T) {
	header := func(size int) string {
		block := make([]byte, 512)
		copy(block, "pax")
		copy(block[100:], fmt.Sprintf("0000644\x000000000\x000000000\x00%011o\x0000000000000\x00        x", size))
		copy(block[257:], "ustar\x0000")
		sum := 0
		for _, b := range block {
			sum += int(b)
		}
		copy(block[148:], fmt.Sprintf("%06o\x00 ", sum))
		return string(block)
	}
	pax := func(content string) string {
		return header(len(content)) + content + strings.Repeat("\x00", -len(content)&511)
	}
	record := "22 comment=" + strings.Repeat("x", 10) + "\n"
	for name, test := range map[string]struct {
		in   io.Reader
		want string
	}{
		"without end":  {repeated(pax(record)), "more than "},
		"of a GB":      {io.MultiReader(strings.NewReader(header(1<<30)), repeated("x")), "more than 1048576 bytes in an entry's header"},
		"many records": {repeated(pax(strings.Repeat(record, 40_000))), "more than "},
		"long records": {repeated(pax(strings.Repeat(record, 60_000))), "more than 1048576 bytes in an entry's header"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := open(t, test.in, Options{Limits: Limits{Bytes: 4 << 20, Entries: 10}})
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 128<<20 {
				t.Errorf("%d bytes allocated", took)
			}
		})
	}
}

// repeated gives a text again and again.
func repeated(text string) io.Reader { return &repeating{text, text} }

type repeating struct{ text, left string }

func (r *repeating) Read(p []byte) (int, error) {
	if r.left == "" {
		r.left = r.text
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

func TestExtractIsLimited(t *testing.T) {
	huge := file("huge", "x")
	huge.Size = 1 << 40
	many := func(yield int) []entry {
		var all []entry
		for range yield {
			all = append(all, file("x", ""))
		}
		return all
	}
	for name, test := range map[string]struct {
		entries []entry
		limits  Limits
		what    string
		max     int64
	}{
		"declared size":     {[]entry{huge}, Limits{}, "bytes", DefaultLimits.Bytes},
		"sum of sizes":      {[]entry{file("a", "12345"), file("b", "12345"), file("c", "1")}, Limits{Bytes: 10}, "bytes", 10},
		"entries":           {many(1001), Limits{Entries: 1000}, "entries", 1000},
		"implied entries":   {[]entry{file("a/b/c/f", ""), file("d/e/f/f", "")}, Limits{Entries: 5}, "entries", 5},
		"depth":             {[]entry{file(strings.Repeat("d/", 100)+"f", "")}, Limits{}, "levels of directories", 64},
		"nesting by steps":  {[]entry{dir("a"), dir("a/b"), dir("a/b/c"), dir("a/b/c/d")}, Limits{Depth: 3}, "levels of directories", 3},
		"part of a name":    {[]entry{file("d/"+strings.Repeat("n", 256), "")}, Limits{}, "bytes in a part of a name", 255},
		"name":              {[]entry{file(strings.Repeat("n", 2000), "")}, Limits{}, "bytes in a name", 1024},
		"link target":       {[]entry{symlink("l", strings.Repeat("n", 2000))}, Limits{}, "bytes in a name", 1024},
		"hard link by name": {[]entry{hardlink("l", strings.Repeat("n", 2000))}, Limits{}, "bytes in a name", 1024},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := open(t, bytes.NewReader(archive(t, test.entries...)), Options{Limits: test.limits})
			var limit *LimitError
			if !errors.As(err, &limit) || limit.What != test.what || limit.Max != test.max {
				t.Errorf("err = %v, want more than %d %s", err, test.max, test.what)
			}
		})
	}
}

// What follows the end marker is read, for the decoder's sums, but not for ever.
func TestExtractLimitsWhatFollowsTheEnd(t *testing.T) {
	r := io.MultiReader(bytes.NewReader(archive(t, file("a", "x"))), endless{})
	_, _, err := open(t, r, Options{Limits: Limits{Bytes: 1 << 16, Entries: 10}})
	if !errors.As(err, new(*LimitError)) {
		t.Errorf("err = %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestExtractGivesPlainModesWhateverTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	script := file("d/script", "#!/bin/sh\n")
	script.Mode = 0o4750
	secret := file("d/secret", "x")
	secret.Mode = 0o600
	private := dir("private")
	private.Mode = 0
	tree, _, err := open(t, bytes.NewReader(archive(t, script, secret, private, file("private/f", "x"))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"d": fs.ModeDir | 0o755, "d/script": 0o755, "d/secret": 0o644, "private": fs.ModeDir | 0o755, "private/f": 0o644,
	} {
		if info, err := os.Lstat(filepath.Join(tree, name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
}

func TestExtractKeepsDatesButNotTheFuture(t *testing.T) {
	past := time.Date(2019, 7, 6, 5, 4, 3, 0, time.UTC)
	dated := func(e entry, t time.Time) entry { e.ModTime = t; return e }
	tree, stats, err := open(t, bytes.NewReader(archive(t,
		dated(dir("d"), past),
		dated(file("d/old", "x"), past.Add(time.Hour)),
		dated(file("d/future", "x"), time.Now().Add(1000*time.Hour)),
		dated(file("d/ancient", "x"), time.Unix(-5, 0)))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	date := func(name string) time.Time {
		info, err := os.Stat(filepath.Join(tree, name))
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	if !date("d").Equal(past) || !date("d/old").Equal(past.Add(time.Hour)) || date("d/ancient").Unix() != 0 {
		t.Errorf("dates: %v, %v, %v", date("d"), date("d/old"), date("d/ancient"))
	}
	if date("d/future").After(time.Now()) {
		t.Errorf("a date in the future: %v", date("d/future"))
	}
	if !stats.Newest.Equal(past.Add(time.Hour)) || stats.Entries != 4 || stats.Bytes != 3 {
		t.Errorf("stats = %+v", stats)
	}
}

func TestExtractHonoursLinksAndLaterEntries(t *testing.T) {
	tree, _, err := open(t, bytes.NewReader(archive(t,
		file("./a", "first"), hardlink("b", "./a"), hardlink("a", "a"), symlink("c", "a"), symlink("sub/up", "../a"),
		file("a", "second"), file("c", "third"))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "second", "b": "first", "c": "third", "sub/up": "second"} {
		if got, err := os.ReadFile(filepath.Join(tree, name)); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v, want %q", name, got, err, want)
		}
	}
}

func TestExtractEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("stop")
	cancel(stop)
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := Extract(ctx, root, bytes.NewReader(archive(t, file("a", "x"))), Options{}); !errors.Is(err, stop) {
		t.Errorf("err = %v", err)
	}
}

// archive/tar takes a stream that ends between two entries for whole; Extract must not.
func TestExtractNoticesEveryCut(t *testing.T) {
	long := file("d/"+strings.Repeat("long", 60), strings.Repeat("content", 200))
	whole := archive(t, dir("d"), long, symlink("l", "d"), file("end", strings.Repeat("\x00", 1024)))
	const step = 64 // meets every boundary of the format's blocks
	for cut := 0; cut < len(whole); cut += step {
		_, _, err := open(t, bytes.NewReader(whole[:cut]), Options{})
		if lone := cut == len(whole)-512; lone != (err == nil) { // tar(1) takes a lone zero block as well
			t.Errorf("cut at %d of %d: err = %v", cut, len(whole), err)
		}
	}
}

// TestSparseFilesThatContradictThemselves: archive/tar tells of some only while the content is read.
func TestSparseFilesThatContradictThemselves(t *testing.T) {
	for name, records := range map[string]map[string]string{
		"content that the map has not": {"major": "1", "minor": "0", "realsize": "5"},
		"no version":                   {"minor": "0", "realsize": "5"},
		"no map":                       {"major": "0", "minor": "1", "size": "5"},
		"no size":                      {"major": "1", "minor": "0"},
		"a version to come":            {"major": "2", "minor": "0", "realsize": "5"},
	} {
		t.Run(name, func(t *testing.T) {
			e := file("f", "0\n"+strings.Repeat("\x00", 510)+"extra")
			e.PAXRecords = map[string]string{}
			for key, value := range records {
				e.PAXRecords["XYZ.sparse."+key] = value // archive/tar writes none of GNU's
			}
			data := bytes.ReplaceAll(archive(t, e), []byte("XYZ.sparse"), []byte("GNU.sparse"))
			_, _, err := open(t, bytes.NewReader(data), Options{Archive: "x.tar"})
			if !errors.As(err, new(*DamagedError)) {
				t.Errorf("got %v", err)
			}
		})
	}
}
