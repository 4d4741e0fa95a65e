package engine

import (
	"slices"
	"strings"

	"mago/cmd/mago/internal/detached"
	"mago/debpkg/rooted"
	"mago/kbuild/firmware"
	"mago/kbuild/signing"
)

// untrusting are kernels of this machine that ask for signatures, and do not take a certificate for one reason.
type untrusting struct {
	wanted   string
	why      firmware.Reason
	releases []string
}

// tellTrust says what those kernels of this machine that ask for signatures make of the certificate that has signed for them.
func (d Detached) tellTrust(s detached.Signatures, releases []string) {
	var steps []string
	for _, u := range d.untrusting(s, releases) {
		switch u.why {
		case firmware.PendingEnrolment:
			d.known.pending.Store(true)
			continue
		case firmware.NotEnrolled:
			steps = d.enrolment(s.Enroll)
		}
		d.say.note("warning", "%s: Linux %s does not load what %s has signed: %s", u.wanted, strings.Join(u.releases, ", "), signing.Name(s.Certificate()), u.why)
	}
	for _, step := range steps {
		d.say.advise("next", step)
	}
	d.tellPending()
}

// untrusting are those of releases that are installed.
func (d Detached) untrusting(s detached.Signatures, releases []string) (all []untrusting) {
	installed := d.kernels.finder().Installed()
	for _, release := range releases {
		k, _ := d.kernels.kernel(release) // without headers its settings are not known
		trust := d.signs.trust(k)
		next := trust.Of(s.Chain...).Next
		if trust.Wanted == "" || !slices.Contains(installed, release) || next.Loads != firmware.No && next.Why != firmware.PendingEnrolment {
			continue
		}
		i := slices.IndexFunc(all, func(u untrusting) bool { return u.wanted == trust.Wanted && u.why == next.Why })
		if i < 0 {
			i, all = len(all), append(all, untrusting{wanted: trust.Wanted, why: next.Why})
		}
		all[i].releases = append(all[i].releases, release)
	}
	return all
}

// enrolment are the commands that enroll a certificate which may lie elsewhere than in the system.
func (d Detached) enrolment(path string) []string {
	if inside, err := rooted.Root(d.Root).Inside(path); err == nil {
		return d.system().Enrolment(inside)
	}
	return []string{d.system().ByRoot("mokutil", "--import", path)}
}
