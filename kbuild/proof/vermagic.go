package proof

import (
	"slices"
	"strings"
)

// CheckVermagic compares a module's vermagic, whose first word is the release, with what the kernel's headers make. The
// error is a *VermagicError.
func CheckVermagic(vermagic string, k Kernel) error {
	release, _, _ := strings.Cut(vermagic, " ")
	word := k.mismatch(vermagic)
	switch {
	case release != k.Release:
		return &VermagicError{Vermagic: vermagic, Release: k.Release}
	case word != "":
		return &VermagicError{Vermagic: vermagic, Release: k.Release, Word: word}
	}
	return nil
}

// mismatch is the first thing in which a vermagic is not what include/linux/vermagic.h makes of the kernel's options, ""
// where there is none. What architectures and CONFIG_RANDSTRUCT add has other sources and is left alone.
func (k Kernel) mismatch(vermagic string) string {
	words := strings.Fields(vermagic)
	for _, flag := range []struct{ word, option string }{
		{"SMP", "CONFIG_SMP"}, {"mod_unload", "CONFIG_MODULE_UNLOAD"}, {"modversions", "CONFIG_MODVERSIONS"},
	} {
		if slices.Contains(words, flag.word) != k.has(flag.option) {
			return flag.word
		}
	}
	plain, realtime := slices.Contains(words, "preempt"), slices.Contains(words, "preempt_rt")
	switch {
	case realtime && !k.has("CONFIG_PREEMPT_RT"):
		return "preempt_rt"
	case (plain || realtime) != k.has("CONFIG_PREEMPTION", "CONFIG_PREEMPT", "CONFIG_PREEMPT_BUILD", "CONFIG_PREEMPT_RT"):
		return "preempt"
	}
	return ""
}

// has reports whether one of the options is built in.
func (k Kernel) has(options ...string) bool {
	return slices.ContainsFunc(options, func(option string) bool { return k.Config[option] == "y" })
}
