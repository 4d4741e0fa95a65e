package engine

import (
	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
)

// StillToSign is the reason of a state whose build another machine is to sign, by the configuration.
const StillToSign = "built, still to be signed elsewhere"

// isStillToSign reports whether there is a build of that.
func (sg *signatures) isStillToSign(id store.ID) bool {
	if !sg.isElsewhere(id.Module) {
		return false
	}
	r, ok := sg.store.Get(id)
	return ok && sg.requires(unit{target{name: id.Module}, kernel.Kernel{Release: id.Kernel}}) && sg.isToSign(r)
}

// tellToSign says how many of a plan's builds another machine is still to sign, and how that goes on.
func (sg *signatures) tellToSign(p *Plan) {
	n := 0
	for _, u := range p.Units {
		if r, ok := sg.store.Get(u.id()); ok && sg.isElsewhere(u.name) && sg.requires(u.unit) && sg.isToSign(r) {
			n++
		}
	}
	if n > 0 {
		sg.say.note("sign", "still to be signed on the machine that has the key: %s", Plural(n, "package"))
		sg.say.advise("next", sg.system().Mago("sign", "--requests", "to-sign"))
	}
}

// isToSign reports whether a build has modules that mago sign --requests would ask for: not those that come signed and are to stay so.
func (sg *signatures) isToSign(r store.Record) bool {
	if r.Signed != nil || !sg.store.HasDeb(r) {
		return false
	}
	if !r.Came || sg.Of(r.Module).Signing.Resign {
		return true
	}
	has, err := sg.hasUnsigned(r)
	return has || err != nil
}
