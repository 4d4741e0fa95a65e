package catalog

import (
	"slices"
	"testing"

	"mago/debpkg/word"
)

func TestCompilers(t *testing.T) {
	const found = "clang - C, C++ and Objective-C compiler (LLVM based)\nclang-14 - C, C++ and Objective-C compiler\ngcc - GNU C compiler\ngcc-11 - GNU C compiler\ngcc-4.9 - GNU C compiler\ngcc-11-base - x\n"
	got, err := Compilers(t.Context(), aptCache(map[string]string{`search --names-only -- ^(gcc|clang)(-[0-9.]+)?$`: found}))
	if want := []string{"clang", "clang-14", "gcc", "gcc-11", "gcc-4.9"}; err != nil || !slices.Equal(word.Strings(got...), want) {
		t.Errorf("got %q, %v", got, err)
	}
}
