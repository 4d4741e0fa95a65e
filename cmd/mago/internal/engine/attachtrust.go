package engine

import (
	"slices"

	"mago/cmd/mago/internal/detached"
	"mago/debpkg/rooted"
	"mago/kbuild/firmware"
	"mago/kbuild/signing"
)

// tellTrust says what those kernels of this machine that ask for signatures make of the certificate that has signed for them.
func (d Detached) tellTrust(s detached.Signatures, releases []string) {
	installed := d.kernels.finder().Installed()
	told := map[firmware.Reason]bool{}
	for _, release := range releases {
		k, _ := d.kernels.kernel(release) // without headers its settings are not known
		trust := d.signs.trust(k)
		next := trust.Of(s.Chain...).Next
		switch {
		case trust.Wanted == "" || told[next.Why] || !slices.Contains(installed, release):
			continue
		case next.Why == firmware.PendingEnrolment:
			d.tellNextBoot()
		case next.Loads == firmware.No:
			d.say.note("warning", "%s: Linux %s does not load what %s has signed: %s", trust.Wanted, release, signing.Name(s.Certificate()), next.Why)
		}
		if next.Why == firmware.NotEnrolled {
			for _, step := range d.enrolment(s.Enroll) {
				d.say.advise("next", step)
			}
		}
		told[next.Why] = true
	}
}

// enrolment are the commands that enroll a certificate which may lie elsewhere than in the system.
func (d Detached) enrolment(path string) []string {
	if inside, err := rooted.Root(d.Root).Inside(path); err == nil {
		return d.system().Enrolment(inside)
	}
	return []string{d.system().ByRoot("mokutil", "--import", path)}
}
