package engine

import (
	"cmp"
	"context"
	"fmt"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
)

// tellOutlook says whether the kernel loads what was installed, and what to do next: modprobe only where that may be.
func (it *installer) tellOutlook(ctx context.Context, u unit, built store.Record) {
	if e, err := it.signs.refusalOf(u, built, nil); err == nil && e != nil && e.Why != "" {
		it.say.note("note", "modprobe would fail: %s, and %s; %s", e.lack(), e.reason(), e.step(it.system()))
		return
	}
	if built.Signed == nil && !built.Came {
		it.signs.tellUnknown(u)
	}
	for _, step := range it.kernels.next(ctx, u.Kernel, built) {
		it.say.advise("next", step)
	}
}

// tellUnknown says, once a run, that nobody can say whether the machine loads modules which are not signed.
func (sg *signatures) tellUnknown(u unit) {
	why := sg.unknown(u.Kernel)
	if k, err := sg.keyOf(u.name); err != nil || k.is || why == "" {
		return
	}
	if _, told := sg.known.told.LoadOrStore(why, true); !told {
		sg.say.note("note", "%s", why)
	}
}

// unknown says that whether a kernel loads what is not signed cannot be read, "" where it can.
func (sg *signatures) unknown(k kernel.Kernel) string {
	t := sg.trust(k)
	if t.Enforces != firmware.Unknown {
		return ""
	}
	return fmt.Sprintf("the modules are not signed, and whether this machine loads such is unknown: %s; %q says more",
		cmp.Or(t.Hidden.In(sg.Root), "its kernel is not Debian's, and shows no .config"), sg.system().SudoMago("key", "status"))
}
