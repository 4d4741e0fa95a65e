package control

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"mago/debpkg/codec"
)

func TestScannerGivesOneParagraphAtATime(t *testing.T) {
	const file = "\n\nPackage: a\nDescription: short\n long\n .\n end\n\n\nPackage: b\npre-depends: c\n"
	s := NewScanner(strings.NewReader(file), "status")
	var names []string
	for s.Scan() {
		p, err := s.Paragraph()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(s.Field("package")); got != p.Get("Package") {
			t.Errorf("Field = %q, Get = %q", got, p.Get("Package"))
		}
		names = append(names, p.Get("Package"))
		if p.Get("Package") == "a" {
			if got, want := p.Get("Description"), "short\nlong\n\nend"; got != want {
				t.Errorf("Description = %q, want %q", got, want)
			}
			if s.Line() != 3 {
				t.Errorf("Line = %d, want 3", s.Line())
			}
		} else if p.Get("Pre-Depends") != "c" || s.Line() != 10 {
			t.Errorf("Pre-Depends = %q at line %d", p.Get("Pre-Depends"), s.Line())
		}
	}
	if s.Err() != nil || strings.Join(names, " ") != "a b" {
		t.Errorf("names = %q, err = %v", names, s.Err())
	}
}

func TestParagraphRefusesWhatDpkgRefuses(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{"Package: a\nno colon here\n", `line 2: no field name and colon in "no colon here"`},
		{" continued\n", "line 1: continuation line before any field"},
		{"Package: a\npackage: b\n", "line 2: field package given twice"},
	} {
		s := NewScanner(strings.NewReader(test.file), "status")
		if !s.Scan() {
			t.Fatalf("%q: no paragraph", test.file)
		}
		if _, err := s.Paragraph(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: err = %v, want %q", test.file, err, test.want)
		}
	}
}

// TestFieldIsWhole: the lines that go on with a value belong to it, a line of blanks among them.
func TestFieldIsWhole(t *testing.T) {
	s := NewScanner(strings.NewReader("Package\r: a\nStatus: install\n \n ok installed\nDepends:\n b,\n\tc\nVersion: 1\n\nPackage: d\n"), "status")
	want := map[string]string{"package": "a", "status": "install\n \n ok installed", "depends": "\n b,\n\tc", "version": "1", "depend": "", "c": ""}
	if !s.Scan() {
		t.Fatal(s.Err())
	}
	for name, want := range want {
		if got := string(s.Field(name)); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !s.Scan() || string(s.Field("Package")) != "d" {
		t.Errorf("then %q, %v", s.Field("Package"), s.Err())
	}
}

// TestParagraphIsBounded: neither the bytes nor the lines of a paragraph may have the decoder run for minutes, and one line
// without an end is not collected.
func TestParagraphIsBounded(t *testing.T) {
	for name, test := range map[string]struct {
		in   io.Reader
		want string
	}{
		"bytes":         {strings.NewReader("Package: a\n" + strings.Repeat(" x\n", maxParagraph)), "parse list: line 1: more than 524288 bytes in a paragraph"},
		"lines":         {strings.NewReader("\n\nPackage: a\n" + strings.Repeat(" x\n", maxLines)), "parse list: line 3: more than 4000 lines in a paragraph"},
		"fields":        {strings.NewReader(manyFields(maxLines + 1)), "parse list: line 1: more than 4000 lines in a paragraph"},
		"endless line":  {io.MultiReader(strings.NewReader("Package: a\nDepends: "), endless{}), "parse list: line 1: more than 524288 bytes in a paragraph"},
		"endless field": {endless{}, "parse list: line 1: more than 524288 bytes in a paragraph"},
	} {
		t.Run(name, func(t *testing.T) {
			s := NewScanner(test.in, "list")
			var err error
			if s.Scan() {
				_, err = s.Paragraph()
			}
			err = errors.Join(err, s.Err())
			if !errors.As(err, new(*codec.LimitError)) || err.Error() != test.want {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
	s := NewScanner(strings.NewReader("Package: a\n"+strings.Repeat(" x\n", maxLines-1)), "list")
	if !s.Scan() {
		t.Fatal(s.Err())
	}
	if _, err := s.Paragraph(); err != nil {
		t.Error(err)
	}
}

func manyFields(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "X%d: x\n", i)
	}
	return out.String()
}

// TestBlanksAreASCIIs: a line of what only Unicode takes for blanks ends no paragraph, and such a one belongs to a value.
func TestBlanksAreASCIIs(t *testing.T) {
	s := NewScanner(strings.NewReader("Package: a\u00a0\n\u0085\nVersion: 1\n"), "status")
	if !s.Scan() || string(s.Field("Package")) != "a\u00a0" || string(s.Field("Version")) != "1" {
		t.Errorf("Package %q, Version %q", s.Field("Package"), s.Field("Version"))
	}
	if _, err := s.Paragraph(); err == nil {
		t.Error("line 2 passes for a field")
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestLineLongerThanTheBuffer(t *testing.T) {
	long := strings.Repeat("x", 300<<10)
	s := NewScanner(strings.NewReader("Package: a\n\nDepends: "+long+"\nPackage: b\n\nPackage: c\n"), "list")
	for i, want := range []struct {
		line int
		name string
	}{{1, "a"}, {3, "b"}, {6, "c"}} {
		if !s.Scan() {
			t.Fatalf("no paragraph %d: %v", i, s.Err())
		}
		p, err := s.Paragraph()
		if err != nil || p.Get("Package") != want.name || s.Line() != want.line {
			t.Errorf("paragraph %d: Package = %q at line %d, err = %v, want %+v", i, p.Get("Package"), s.Line(), err, want)
		}
	}
}

// FuzzScanner: no list makes the scanner panic, and Field and Paragraph agree on a field's first line.
func FuzzScanner(f *testing.F) {
	f.Add([]byte("Package: a\nDepends: b,\n c\n\n\n# comment\nPackage: b\n"))
	f.Add([]byte("A: \u00a0x\u00a0\n\u00a0\n\u0085\nB: 1\n"))
	f.Add([]byte(" continued\n\nPackage\n\nA: 1\na: 2\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := NewScanner(bytes.NewReader(in), "list")
		for s.Scan() {
			p, err := s.Paragraph()
			if err != nil {
				continue
			}
			for _, name := range p.Fields() {
				first, _, _ := strings.Cut(p.Get(name), "\n")
				got, _, _ := strings.Cut(string(s.Field(name)), "\n")
				if got = strings.TrimSpace(got); got != "" && got != strings.TrimSpace(first) {
					t.Errorf("Field(%q) = %q, Get gives %q", name, got, p.Get(name))
				}
			}
		}
	})
}
