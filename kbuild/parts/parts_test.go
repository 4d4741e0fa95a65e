package parts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFirstPackages: what is initialised before a part of a sandbox serves compiles no regular expression then; see lazy.
func TestFirstPackages(t *testing.T) {
	seen := 0
	for _, pattern := range []string{"../dkms/*.go", "../jobs/*.go", "../kernel/*.go", "../proof/*.go", "../rules/*.go", "../sandbox/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if seen++; !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), "regexp.MustCompile") {
				t.Errorf("%s: regexp.MustCompile where lazy.Regexp would do", file)
			}
		}
	}
	if seen < 50 {
		t.Errorf("looked at %d files", seen)
	}
}
