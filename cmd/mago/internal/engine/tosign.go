package engine

// tellToSign says how many of a plan's builds another machine is still to sign, and how that goes on.
func (sg *signatures) tellToSign(p *Plan) {
	n := 0
	for _, u := range p.Units {
		r, ok := sg.store.Get(u.id())
		if ok && r.Signed == nil && sg.isElsewhere(u.name) && sg.requires(u.unit) && sg.store.HasDeb(r) {
			n++
		}
	}
	if n > 0 {
		sg.say.note("sign", "still to be signed on the machine that has the key: %s", Plural(n, "package"))
		sg.say.advise("next", sg.system().Mago("sign", "--requests", "to-sign"))
	}
}
