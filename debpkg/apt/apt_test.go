package apt

import (
	"slices"
	"testing"

	"mago/debpkg/word"
)

// Packages stand behind everything that mago says, each once, and none can be an option.
func TestAptGet(t *testing.T) {
	more := word.Target{Name: word.Must(word.ParsePackage("more")), Version: word.Must(word.ParseVersion("1:2-3"))}
	less := word.Target{Name: word.Must(word.ParsePackage("less"))}
	got := GetArgs(true, []string{"install"}, more, less, more)
	want := slices.Concat([]string{"install"}, TrustArgs(true), []string{"-o", "APT::Cmd::Pattern-Only=true", "--", "less", "more=1:2-3"})
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := GetArgs(false, []string{"update"}); slices.Contains(got, "--") {
		t.Errorf("without packages: %q", got)
	}
}
