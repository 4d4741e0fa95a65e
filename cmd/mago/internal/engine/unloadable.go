package engine

import (
	"crypto/x509"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg/rooted"
	"mago/kbuild/firmware"
	"mago/kbuild/kernel"
	"mago/kbuild/signing"
)

// unloadable are installed modules that a kernel does not load, or only once something pending is confirmed.
type unloadable struct {
	Kernel string
	Wanted string // why the kernel loads no unsigned modules
	refusal
	Modules []string
}

// refusal is what a kernel has against an installed module, the zero value where it has nothing.
type refusal struct {
	Why     string // what is wrong with the signature
	Signer  string // the name of the certificate that a machine has to know for it, "" where none is known
	Foreign bool   // whether that is not enrolled, and of no key here, so that another machine has it
}

// Later reports whether the kernel loads a module once the question of the next boot is answered.
func (r refusal) Later() bool { return r.Why == string(firmware.PendingEnrolment) }

// unsigned is what is wrong with modules that have no signature.
const unsigned = "not signed"

// unloadable names, for each kernel that asks for signed modules, those that are installed and that it will not load, by what is wrong
// with their signatures, which the states have then, too.
func (sv *surveyor) unloadable(states []State) (all []unloadable) {
	for _, release := range KernelsOf(Having(states, func(s State) bool { return s.Installed != "" })) {
		k, _ := sv.kernels.kernel(release) // without headers its settings are not known
		trust := sv.signs.trust(k)
		if trust.Wanted == "" {
			continue
		}
		var of []unloadable
		for i := range states {
			s := &states[i]
			if s.Kernel != release || s.Installed == "" {
				continue
			}
			r := sv.refused(*s, trust)
			if s.Refused = r.Why; r.Why != "" {
				of = noted(of, unloadable{release, trust.Wanted, r, []string{s.Module}})
			}
		}
		all = append(all, of...)
	}
	return all
}

// noted adds a module to those that have the same thing wrong with them.
func noted(all []unloadable, one unloadable) []unloadable {
	for i := range all {
		if all[i].refusal == one.refusal {
			all[i].Modules = append(all[i].Modules, one.Modules...)
			return all
		}
	}
	return append(all, one)
}

// refused says what is wrong with the signature of one of a unit's modules.
func (sv *surveyor) refused(s State, trust firmware.Trust) refusal {
	all := refusal{Why: unsigned}
	for _, file := range sv.installedModules(s) {
		message, err := signing.ReadFile(filepath.Join(sv.Root, file))
		if err != nil || message == nil {
			return refusal{Why: unsigned}
		}
		if next := judge(message, trust, sv.signs.certificates()); next.Loads == firmware.No || next.Why == firmware.PendingEnrolment {
			return sv.signs.refusedFor(message, next.Why)
		}
		all = refusal{}
	}
	return all
}

// refusedFor is what a kernel has against a module with some signature.
func (sg *signatures) refusedFor(message []byte, why firmware.Reason) refusal {
	signature, err := signing.Parse(message)
	if err != nil {
		return refusal{Why: string(why)}
	}
	return refusal{string(why), signature.Issuer(), why == firmware.NotEnrolled && !sg.hasKeyOf(signature)}
}

// hasKeyOf reports whether a key that is here has made a signature, or may have: only root may look into some directories.
func (sg *signatures) hasKeyOf(signature signing.Signature) bool {
	if sg.isClosed() {
		return true
	}
	own := sg.ownCertificates() // what cannot be read cannot sign
	if k, err := sg.keyAt(sg.Signing.Key); err == nil && k.is {
		own = append(own, k.Chain()...)
	}
	return slices.ContainsFunc(signature.Chain(own...), func(c *x509.Certificate) bool { return slices.ContainsFunc(own, c.Equal) })
}

// installedModules are the files of a unit's modules by dpkg's list of its package, which another machine may have built; where
// dpkg has no list, by the record of the last build here.
func (sv *surveyor) installedModules(s State) []string {
	files, _ := sv.pkgs.installedPackage(modpkg.Name(s.Module, s.Kernel)).Files(rooted.Root(sv.Root))
	modules := slices.DeleteFunc(files, func(file string) bool { return !strings.Contains(path.Base(file), ".ko") })
	if len(modules) > 0 {
		return modules
	}
	r, _ := sv.store.Get(store.ID{Module: s.Module, Kernel: s.Kernel})
	return r.Modules
}

// judge says what a machine makes of a module's signature at the next boot.
func judge(message []byte, trust firmware.Trust, known []*x509.Certificate) firmware.Verdict {
	signature, err := signing.Parse(message)
	if err != nil {
		return firmware.Verdict{Loads: firmware.No, Why: firmware.Reason(err.Error())}
	}
	chain := signature.Chain(known...)
	if len(chain) > 1 && len(signature.Certificates) == 0 { // the kernel does not know who has issued the one that it does not have
		chain = chain[:1]
	}
	if len(chain) == 0 {
		return firmware.Verdict{Loads: firmware.No, Why: firmware.NotEnrolled}
	}
	return trust.Of(chain...).Next
}

// certificates are those that somebody may have signed modules with, and their issuers: of the keys here, and of the machine's lists.
func (sg *signatures) certificates() []*x509.Certificate {
	sg.known.gathered.Do(func() { sg.known.certificates = sg.gather() })
	return sg.known.certificates
}

func (sg *signatures) gather() []*x509.Certificate {
	all := sg.ownCertificates() // of keys that cannot be read they are in the lists, or not enrolled
	for _, list := range sg.trust(kernel.Kernel{}).Lists {
		all = append(all, list.Certificates()...)
	}
	return all
}

// ownCertificates are those of the keys here that can be read.
func (sg *signatures) ownCertificates() (all []*x509.Certificate) {
	keys, _ := keyring.Find(rooted.Root(sg.Root))
	for _, k := range keys {
		all = append(all, k.Chain()...)
	}
	return all
}
