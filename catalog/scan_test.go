package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"mago/debpkg/codec"
	"mago/debpkg/control"
)

func TestListFormats(t *testing.T) {
	lists, err := newRoot(t).config().readLists(t.Context(), amd64)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range lists {
		if len(l.found) == 0 {
			t.Errorf("nothing in %s", l.name)
		}
		seen[strings.TrimPrefix(l.name, uncompressed(l.name))] = true
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []string{"", ".gz", ".lz4", ".xz", ".zst"}) {
		t.Errorf("read lists of formats %q", got)
	}
}

func TestListArchitecture(t *testing.T) {
	r := newRoot(t)
	r.remove(listsDir)
	for _, name := range []string{"m_dists_s_main_binary-amd64_Packages", "m_dists_s_main_binary-all_Packages.lz4", "m_dists_s_main_binary-i386_Packages",
		"_srv_flat_._Packages", "m_dists_s_InRelease", "m_dists_s_main_i18n_Translation-en", "m_dists_s_main_source_Sources", "lock"} {
		r.write(filepath.Join(listsDir, name), "")
	}
	got, err := r.config().listNames(amd64)
	want := []string{"_srv_flat_._Packages", "m_dists_s_main_binary-all_Packages.lz4", "m_dists_s_main_binary-amd64_Packages"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestScanErrors(t *testing.T) {
	filler := strings.Repeat("Package: a\nVersion: 1\n\n", 40_000) // several blocks
	tests := []struct{ name, list, want string }{
		{"no colon", filler + "Package: b-dkms\nVersion 1\n", "parse list: line 120002: "},
		{"twice", "Package: b-dkms\nVersion: 1\n\n\nPackage: b-dkms\nPackage: c\n", "parse list: line 6: "},
		{"no field", "\n continued\nPackage: b-dkms\n", "parse list: line 2: "},
		{"too long", filler + "Package: b-dkms\nDescription: " + strings.Repeat("x", blockSize), "parse list: line 120002: more than 524288 bytes in a paragraph"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := scanList(t.Context(), strings.NewReader(tt.list), "list"); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestScanStopsBombs: a list without lines, without paragraphs, without an end, or of nothing but modules.
func TestScanStopsBombs(t *testing.T) {
	for name, test := range map[string]struct {
		text, want string
	}{
		"one line":      {"x", "parse list: line 1: more than 524288 bytes in a paragraph"},
		"one paragraph": {"a: b\n", "more than 524288 bytes in a paragraph"},
		"empty lines":   {"\n\n\n\n\n\n\n\n", "more than 536870912 bytes"},
		"modules":       {"Package: b-dkms\nVersion: 1\n\n", "parse list: more than 10000 module sources"},
		"long module":   {"Package: b-dkms\n" + strings.Repeat(" x\n", 10_000) + "\n", "parse list: line 1: more than 4000 lines in a paragraph"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "empty lines" {
				t.Skip("reads half a gigabyte")
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := scanList(t.Context(), endless(test.text), "list")
			runtime.ReadMemStats(&after)
			if !errors.As(err, new(*codec.LimitError)) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 1<<30 {
				t.Errorf("%d bytes allocated", took)
			}
		})
	}
}

// endless gives a text for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

// A list that was cut off while it was fetched is damaged, not short.
func TestTruncatedLists(t *testing.T) {
	for _, ext := range []string{".gz", ".lz4", ".xz", ".zst"} {
		files, _ := filepath.Glob("testdata/lists/*" + ext)
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		r := newRoot(t)
		r.write("/list", string(text[:len(text)/2]))
		if _, err := r.config().readList(t.Context(), "/list"); err == nil || !strings.Contains(err.Error(), r.path("/list")) {
			t.Errorf("half of %s: %v", files[0], err)
		}
	}
}

func TestScanReadError(t *testing.T) {
	broken := errors.New("the disk is on fire")
	in := io.MultiReader(strings.NewReader("Package: a\n\nPackage: b\n"), iotest.ErrReader(broken))
	if _, err := scanList(t.Context(), in, "list"); !errors.Is(err, broken) || !strings.Contains(err.Error(), "parse list: line 4: ") {
		t.Errorf("got %v", err)
	}
}

func TestScanCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := scanList(ctx, strings.NewReader(strings.Repeat("Package: a\n\n", blockSize)), "list"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// Paragraphs come out the same wherever reads and blocks end.
func TestScanBlocks(t *testing.T) {
	var list bytes.Buffer
	for range 40 {
		list.WriteString("Package: a\nDescription: " + strings.Repeat("x", 40_000) + "\n\nPackage: b-dkms\nVersion: 1\n\n\n")
	}
	for name, r := range map[string]io.Reader{
		"plain": bytes.NewReader(list.Bytes()), "half": iotest.HalfReader(bytes.NewReader(list.Bytes())), "early EOF": iotest.DataErrReader(bytes.NewReader(list.Bytes())),
	} {
		l, err := scanList(t.Context(), r, "list")
		if err != nil || len(l.found) != 40 {
			t.Errorf("%s: %d module sources, %v, want 40", name, len(l.found), err)
		}
	}
}

// FuzzScanList compares the quick scan, which looks at bytes first, with decoding and classifying every paragraph.
func FuzzScanList(f *testing.F) {
	files, _ := filepath.Glob("testdata/lists/*")
	for _, file := range files {
		f.Add(firstParagraphs(f, file))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		l, err := scanList(t.Context(), bytes.NewReader(list), "list")
		if err != nil {
			return
		}
		var got, want []string
		for _, s := range l.found {
			got = append(got, fmt.Sprint(s.name, " ", s.kind, " of line ", s.line))
		}
		s := control.NewScanner(bytes.NewReader(list), "list")
		for s.Scan() {
			if p, err := s.Paragraph(); err == nil {
				if kind, ok := classify(p); ok && new(words).parse(p.Get, sourceOf(p)) == nil {
					want = append(want, fmt.Sprint(p.Get("Package"), " ", kind, " of line ", s.Line()))
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("quick scan: %q\nall decoded: %q", got, want)
		}
	})
}

// firstParagraphs is the uncompressed beginning of a list, small enough to mutate quickly.
func firstParagraphs(f *testing.F, file string) []byte {
	in, err := os.Open(file)
	if err != nil {
		f.Fatal(err)
	}
	defer in.Close()
	r, _, err := codec.NewReader(in)
	if err != nil {
		f.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 4000))
	if err != nil {
		f.Fatal(err)
	}
	return text
}
