package main

import "strings"

// packageName joins words with hyphens. What a package's name may not hold (Policy 5.6.1) is mapped: upper case to
// lower, every other character to a hyphen.
func packageName(words ...string) string {
	return mapped(strings.ToLower(strings.Join(words, "-")), "+-.", '-')
}

// packageVersion is <source version>+<kernel version>, as module-assistant writes it. The source's epoch stays in
// front; the kernel's, which could not stand in the middle, is left out. Characters that versions may not hold
// (Policy 5.6.12) become dots.
func packageVersion(source, kernel string) string {
	if _, rest, ok := strings.Cut(kernel, ":"); ok {
		kernel = rest
	}
	return source + "+" + mapped(kernel, "+-.~", '.')
}

// mapped puts other in the place of what is neither an ASCII letter, a digit nor allowed.
func mapped(s, allowed string, other rune) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune(allowed, r) {
			return r
		}
		return other
	}, s)
}
