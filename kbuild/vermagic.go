package kbuild

import (
	"slices"
	"strings"

	"mago/kbuild/kernel"
)

// mismatch is the first thing in which a module's vermagic is not what include/linux/vermagic.h makes of the kernel's
// options, "" where there is none. What architectures and CONFIG_RANDSTRUCT add has other sources and is left alone.
func (m modinfo) mismatch(k kernel.Kernel) string {
	words := strings.Fields(m.vermagic)
	for _, flag := range []struct{ word, option string }{
		{"SMP", "CONFIG_SMP"}, {"mod_unload", "CONFIG_MODULE_UNLOAD"}, {"modversions", "CONFIG_MODVERSIONS"},
	} {
		if slices.Contains(words, flag.word) != k.Config.BuiltIn(flag.option) {
			return flag.word
		}
	}
	plain, realtime := slices.Contains(words, "preempt"), slices.Contains(words, "preempt_rt")
	switch {
	case realtime && !k.Config.BuiltIn("CONFIG_PREEMPT_RT"):
		return "preempt_rt"
	case (plain || realtime) != k.Config.BuiltIn("CONFIG_PREEMPTION", "CONFIG_PREEMPT", "CONFIG_PREEMPT_BUILD", "CONFIG_PREEMPT_RT"):
		return "preempt"
	}
	return ""
}
