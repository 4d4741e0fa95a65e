package firmware

import (
	"bytes"
	"crypto/x509"
	"slices"

	"mago/kbuild/firmware/esl"
)

// Standing is how a machine sees a certificate that signs modules.
type Standing struct {
	Held  []Held // the lists that name the certificate or its root
	Known Answer // the running kernel has the one or the other
	Ring  string // the keyring that holds it, as far as can be concluded; "" where it is not known
	Now   Verdict
	Next  Verdict // after the next boot, provided that what is pending is confirmed at its blue screen
}

// Held says that a list names a certificate.
type Held struct {
	List   ListName
	At     int  // which certificate of the chain
	ByHash bool // of its TBSCertificate; else the list holds the certificate itself
	Heeded bool // the kernel heeds it, or will once it is confirmed: see revokes
}

// Verdict says whether a module that is signed with the certificate loads.
type Verdict struct {
	Loads Answer
	Why   Reason
}

// IsEnrolled reports whether the machine trusts the certificate or its root, or is about to.
func (s Standing) IsEnrolled() bool {
	return s.Known == Yes || slices.ContainsFunc(s.Held, func(h Held) bool { return slices.Contains([]ListName{DB, MOK, MOKNew}, h.List) && !h.ByHash })
}

// Of judges a certificate that signs modules, and its root after it where it has one. A certificate with a root is embedded in
// its signatures; without one it is not, and must be enrolled itself, as dkms's is.
func (t Trust) Of(chain ...*x509.Certificate) Standing {
	known := t.known(chain)
	return Standing{Held: t.held(chain), Known: known, Ring: t.ring(chain, known), Now: t.now(chain), Next: t.next(chain)}
}

// known reports whether the running kernel has one of the chain.
func (t Trust) known(chain []*x509.Certificate) Answer {
	if !t.Keys.Known {
		return Unknown
	}
	return answer(slices.ContainsFunc(chain, t.Keys.has))
}

// ring concludes where the running kernel has the chain's key: /proc/keys does not say it. Before Linux 5.18 there was no
// .machine, and MOK went into .platform. Where other kernels than Debian's put MOK depends on how they were built.
func (t Trust) ring(chain []*x509.Certificate, known Answer) string {
	mok, db := slices.ContainsFunc(chain, t.Lists[MOK].has), slices.ContainsFunc(chain, t.Lists[DB].has)
	switch {
	case known != Yes || !t.Lists[MOK].Known || !t.Lists[DB].Known:
		return ""
	case !t.debian && (mok || db):
		return ""
	case mok && t.Keys.Rings[".machine"] > 0:
		return ".machine"
	case mok || db:
		return ".platform"
	}
	return ".builtin_trusted_keys"
}

// held finds the chain in all lists.
func (t Trust) held(chain []*x509.Certificate) (all []Held) {
	for _, p := range places {
		for i, c := range chain {
			if t.Lists[p.list].has(c) {
				all = append(all, Held{List: p.list, At: i, Heeded: !isRevoking(p.list)})
			}
			if hashed, heeded := t.Lists[p.list].revokes(c); hashed {
				all = append(all, Held{List: p.list, At: i, ByHash: true, Heeded: heeded && (p.list == DBX || p.list == MOKX)})
			}
		}
	}
	return all
}

func isRevoking(l ListName) bool { return slices.Contains([]ListName{DBX, MOKX, MOKXNew, MOKXDel}, l) }

// revokes reports whether a list names a certificate by the hash of its TBSCertificate, and whether Linux heeds that. It does
// where the type is X509_SHA256, whatever the hash, and nothing but the hash follows, but no whole certificates: see
// esl.RevokedInMOKX.
func (l List) revokes(c *x509.Certificate) (hashed, heeded bool) {
	for _, e := range l.Entries {
		if !slices.Contains([]esl.GUID{esl.X509SHA256, esl.X509SHA384, esl.X509SHA512}, e.Type) {
			continue
		}
		named := slices.ContainsFunc(esl.TBSHashes(c), func(hash []byte) bool { return bytes.HasPrefix(e.Data, hash) })
		hashed = hashed || named
		heeded = heeded || named && e.Type == esl.X509SHA256 && bytes.Equal(e.Data, esl.TBSHash(c))
	}
	return hashed, heeded
}
