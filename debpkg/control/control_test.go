package control

import (
	"strings"
	"testing"
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

func TestParagraphIsBounded(t *testing.T) {
	s := NewScanner(strings.NewReader("Package: a\n"+strings.Repeat(" x\n", maxParagraph)), "list")
	if s.Scan() || s.Err() == nil || !strings.Contains(s.Err().Error(), "longer than") {
		t.Errorf("err = %v", s.Err())
	}
}
