package sources

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const oneEntry = "hello (1:2.0-3) unstable; urgency=medium\n\n  * A change,\n    of two lines.\n\n -- A B <a@b.org>  Thu, 29 Feb 2024 12:00:00 +0000\n"

func TestFirstEntry(t *testing.T) {
	entry, ok := firstEntry("\n" + oneEntry + "\n" + strings.ReplaceAll(oneEntry, "2.0-3", "1.0-1"))
	if !ok || entry.Source != "hello" || entry.Version.String() != "1:2.0-3" || !entry.When.Equal(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v, %v", entry, ok)
	}
}

// TestFirstEntryOfManyLines: the parser adds each line to all those before; as it stands this text takes it minutes.
func TestFirstEntryOfManyLines(t *testing.T) {
	head, tail, _ := strings.Cut(oneEntry, "  * A change,\n")
	text := head + strings.Repeat("  \n", 10*factsMax) + tail
	if entry, ok := firstEntry(text); !ok || entry.Changelog != "\n\n" {
		t.Errorf("%v; %d bytes of details are left", ok, len(entry.Changelog))
	}
}

// FuzzFirstEntry: no text makes the parser panic, and what it says of one stands in it.
func FuzzFirstEntry(f *testing.F) {
	f.Add(oneEntry)
	f.Add("hello (1.0) x; =,;=\n -- \n")
	f.Add("hello ()\n")
	f.Fuzz(func(t *testing.T, text string) {
		entry, ok := firstEntry(text)
		if ok && !strings.Contains(text, entry.Source) {
			t.Errorf("source %q comes from nowhere", entry.Source)
		}
	})
}

// FuzzUnrestricted: what is left of a field of relations holds no restriction any more, and once more the same is left.
func FuzzUnrestricted(f *testing.F) {
	for _, seed := range []string{"a [amd64], b [!amd64] | c", "a <!nocheck> <x>, b (>> 1) [any]", "a:any (<< 2)<y>", "[", "a <b", "(<)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, field string) {
		first := strings.Join(unrestricted(field, "amd64"), ", ")
		if again := strings.Join(unrestricted(first, "amd64"), ", "); again != first {
			t.Errorf("%q leaves %q, and that %q", field, first, again)
		}
	})
}

// FuzzReadRecord: whatever the record of a tree has become, it is refused, or names nothing outside of the tree.
func FuzzReadRecord(f *testing.F) {
	good, err := json.Marshal(record{Format: recordFormat, Name: "hello", Version: "1.0", Dir: "data/usr/src/hello-1.0", Runtime: []string{"data/etc/x"}, Changelog: "data/c"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	for _, text := range []string{"", "{}", "null", `{"Format":2}`, `{"Format":2,"Name":"x","Version":"1","Dir":"../.."}`, `{"Format":2,"Name":"x","Version":"1","Dir":"/"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, recordName), data, 0o644); err != nil {
			t.Fatal(err)
		}
		rec, err := readRecord(dir)
		if err != nil {
			return
		}
		tree := rec.tree(dir)
		for _, path := range []string{tree.Dir, tree.Copyright, tree.Changelog} {
			if path != "" && path != dir && !strings.HasPrefix(path, dir+"/") {
				t.Errorf("%q is outside", path)
			}
		}
		if tree.Name == "" || tree.Version == "" {
			t.Errorf("a tree of nothing: %+v", tree)
		}
	})
}
