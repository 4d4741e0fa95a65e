package firmware

import (
	"crypto/x509"
	"encoding/hex"
	"maps"
	"slices"

	"mago/kbuild/firmware/esl"
)

// now judges by the running kernel's keys.
func (t Trust) now(chain []*x509.Certificate) Verdict {
	switch known := t.known(chain); {
	case t.Keys.Known && slices.ContainsFunc(embedded(chain), t.Keys.revokes):
		return Verdict{No, Revoked}
	case t.asksForNone():
		return Verdict{Yes, NotWanted}
	case Unusable(t.config, chain...) != "":
		return t.doubted(Verdict{No, UnusableKey})
	case known == Unknown:
		return Verdict{Unknown, HiddenKeys}
	case known == No && t.Wanted == "":
		return Verdict{Unknown, HiddenDemand}
	case known == No:
		return Verdict{No, t.whyUnknown(chain)}
	case !t.debian && t.ring(chain, known) != ".builtin_trusted_keys":
		return Verdict{Unknown, NotForModules}
	}
	return Verdict{Yes, Trusted}
}

// doubted is a verdict where the kernel may ask for no signatures: what it would refuse then loads. It looks at certificates that are
// revoked all the same.
func (t Trust) doubted(v Verdict) Verdict {
	if t.Enforces == Unknown && v.Loads == No && v.Why != Revoked {
		v.Loads = Unknown
	}
	return v
}

// asksForNone reports whether the kernel loads what is not signed, too.
func (t Trust) asksForNone() bool { return t.Enforces == No }

// embedded are the certificates of a signature, which the kernel compares with its blacklist (pkcs7_verify_sig_chain): all of
// the chain but the one that has to be enrolled.
func embedded(chain []*x509.Certificate) []*x509.Certificate {
	return chain[:max(len(chain)-1, 0)]
}

func (k Keys) revokes(c *x509.Certificate) bool {
	return slices.Contains(k.Revoked, "tbs:"+hex.EncodeToString(esl.TBSHash(c)))
}

// whyUnknown says why the running kernel does not have the chain.
func (t Trust) whyUnknown(chain []*x509.Certificate) Reason {
	if t.next(chain).Why == PendingEnrolment {
		return PendingEnrolment
	}
	if v := (boot{t, t.Lists}).judge(chain); v.Loads == No {
		return v.Why
	}
	return NotRead
}

// next judges by the lists, as they will be when what is pending is confirmed.
func (t Trust) next(chain []*x509.Certificate) Verdict {
	before, after := boot{t, t.Lists}.judge(chain), boot{t, t.confirmed()}.judge(chain)
	switch {
	case before.Loads == No && after.Loads == Yes:
		after.Why = PendingEnrolment
	case before.Loads == Yes && after.Loads == No:
		after.Why = PendingRemoval
	}
	return after
}

// confirmed are the lists after the next boot's blue screen. MOKX is left as it is: nothing in it that MokManager takes matters
// to a certificate.
func (t Trust) confirmed() map[ListName]List {
	lists := maps.Clone(t.Lists)
	lists[MOK] = lists[MOK].changed(lists[MOKNew], lists[MOKDel])
	return lists
}

// changed does what is asked for. MokManager refuses a request that holds anything but certificates and hashes of programs
// (is_valid_siglist, MokManager.c of shim 16.1).
func (l List) changed(added, removed List) List {
	entries := slices.Clone(l.Entries)
	if added.isTaken() {
		entries = append(entries, added.Entries...)
	}
	if removed.isTaken() {
		entries = slices.DeleteFunc(entries, removed.holds)
	}
	return List{l.Known, entries}
}

func (l List) isTaken() bool {
	return !slices.ContainsFunc(l.Entries, func(e esl.Entry) bool {
		return !slices.Contains([]esl.GUID{esl.X509, esl.SHA224, esl.SHA256, esl.SHA384, esl.SHA512}, e.Type)
	})
}
