package firmware

import (
	"crypto/x509"
	"slices"
)

// boot is what a boot makes of lists. The kernel reads db, dbx, MOKX and MOK in this order, the last two under Secure Boot only,
// and reads no certificate that it has been told to be revoked, which is too late for db (load_uefi_certs in
// security/integrity/platform_certs/load_uefi.c, x509_key_preparse).
type boot struct {
	Trust
	lists map[ListName]List
}

// judge says whether the booted kernel loads what is signed with a chain.
func (b boot) judge(chain []*x509.Certificate) Verdict { return b.doubted(b.judgeStrictly(chain)) }

func (b boot) judgeStrictly(chain []*x509.Certificate) Verdict {
	switch {
	case slices.ContainsFunc(embedded(chain), b.isRevoked):
		return Verdict{No, Revoked}
	case b.asksForNone():
		return Verdict{Yes, NotWanted}
	case b.ring(chain, b.known(chain)) == ".builtin_trusted_keys":
		return Verdict{Yes, Trusted}
	case Unusable(b.config, chain...) != "":
		return Verdict{No, UnusableKey}
	case slices.ContainsFunc(chain, b.isRead):
		return b.trusts()
	}
	return b.whyNotRead(chain)
}

// isRevoked reports whether the kernel's blacklist names a certificate.
func (b boot) isRevoked(c *x509.Certificate) bool {
	_, dbx := b.lists[DBX].revokes(c)
	_, mokx := b.lists[MOKX].revokes(c)
	return dbx || mokx && b.readsMOK()
}

func (b boot) readsMOK() bool { return b.SecureBoot == SecureBootOn }

// isRead reports whether the kernel has a certificate in one of its keyrings.
func (b boot) isRead(c *x509.Certificate) bool {
	return b.lists[DB].has(c) && !b.IgnoresDB || b.lists[MOK].has(c) && b.readsMOK() && !b.isRevoked(c)
}

// trusts is the verdict for a chain that is in db or MOK. Upstream's kernels verify no modules with .platform, and put into
// .machine what they were built to trust.
func (b boot) trusts() Verdict {
	if b.debian {
		return Verdict{Yes, Trusted}
	}
	return Verdict{Unknown, NotForModules}
}

// whyNotRead says why the kernel does not have the chain.
func (b boot) whyNotRead(chain []*x509.Certificate) Verdict {
	inMOK, inDB := slices.ContainsFunc(chain, b.lists[MOK].has), slices.ContainsFunc(chain, b.lists[DB].has)
	switch {
	case b.SecureBoot == SecureBootUnknown:
		return Verdict{Unknown, HiddenLists}
	case inMOK && b.readsMOK():
		return Verdict{No, Revoked}
	case inMOK:
		return Verdict{No, MOKIgnored}
	case inDB:
		return Verdict{No, DBIgnored}
	case !b.lists[DB].Known || !b.lists[MOK].Known || !b.lists[MOKNew].Known:
		return Verdict{Unknown, HiddenLists}
	case !b.debian && !b.Keys.Known:
		return Verdict{Unknown, HiddenKeys}
	}
	return Verdict{No, NotEnrolled}
}
