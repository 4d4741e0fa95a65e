//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"mago/cmd/lab/internal/secureboot"
)

// What Debian's kernels say of modules that they refuse. Of one that was changed after it was signed they say nothing.
const (
	sayUnsigned = "Loading of unsigned module is rejected"
	sayForeign  = "Loading of module with unavailable key is rejected"
	sayNothing  = ""
)

func sayRevoked(s signer) string {
	return fmt.Sprintf("X.509: Cert %x is blacklisted", sha256.Sum256(s.Certificate.RawTBSCertificate))
}

func sayBanned(module []byte) string {
	return fmt.Sprintf("Module hash %x is blacklisted", sha256.Sum256(module))
}

// rootInMOK: modules of two leaf certificates that only the modules themselves hold. Of the leaves that MOKX revokes, the kernel
// refuses the one that is there by its bare hash: it takes a time beside it for a part of the hash, and the list of whole
// certificates (CONFIG_SYSTEM_REVOCATION_LIST) is not compiled into Debian's.
func rootInMOK(t *testing.T, k bootable, root, foreign signer) *secured {
	leaf, revoked := root.leaf(t, "rsa3072", "leaf"), root.leaf(t, "rsa3072", "revoked leaf")
	timed, whole := root.leaf(t, "rsa3072", "leaf revoked with a time"), root.leaf(t, "rsa3072", "leaf revoked whole")
	banned := leaf.sign(t, append(bytes.Clone(k.module), 0))
	changed := leaf.sign(t, k.module)
	changed[len(k.module)-1] ^= 1
	return &secured{
		name: "root in MOK", kernel: k,
		enrolled: secureboot.Enrolled{MOK: certificates(root), MOKX: []secureboot.Revocation{
			secureboot.CertificateHash(revoked.Certificate), secureboot.FileHash(banned),
			secureboot.TimedCertificateHash(timed.Certificate), secureboot.Certificate(whole.Certificate)}},
		attempts: []attempt{
			{"leaf", leaf.sign(t, k.module), greeting},
			{"leaf-2", root.leaf(t, "rsa4096", "leaf 2").sign(t, k.module), greeting},
			{"unsigned", k.module, sayUnsigned},
			{"foreign", foreign.leaf(t, "rsa3072", "foreign leaf").sign(t, k.module), sayForeign},
			{"leaf-not-embedded", leaf.bare().sign(t, k.module), sayForeign},
			{"changed", changed, sayNothing},
			{"revoked", revoked.sign(t, k.module), sayRevoked(revoked)},
			{"banned", banned, sayBanned(banned)},
			{"revoked-with-time", timed.sign(t, k.module), greeting},
			{"revoked-whole", whole.sign(t, k.module), greeting},
		},
	}
}

func rootInDB(t *testing.T, k bootable, root, foreign signer) *secured {
	return &secured{
		name: "root in db", kernel: k, enrolled: secureboot.Enrolled{DB: certificates(root)},
		attempts: []attempt{
			{"leaf", root.leaf(t, "rsa3072", "leaf").sign(t, k.module), greeting},
			{"unsigned", k.module, sayUnsigned},
			{"foreign", foreign.leaf(t, "rsa3072", "foreign leaf").sign(t, k.module), sayForeign},
		},
	}
}

// flatInMOK: keys as dkms's users have them, and a root of the kind that kernels know since 6.7.
func flatInMOK(t *testing.T, k bootable, foreign signer) *secured {
	rsa, ecdsa, root := newFlat(t, "rsa3072", "flat rsa"), newFlat(t, "ecdsa", "flat ecdsa"), newRoot(t, "ecdsa", "ecdsa root")
	return &secured{
		name: "flat in MOK", kernel: k, enrolled: secureboot.Enrolled{MOK: certificates(rsa, ecdsa, root)},
		attempts: []attempt{
			{"flat-rsa", rsa.sign(t, k.module), greeting},
			{"flat-ecdsa", ecdsa.sign(t, k.module), greeting},
			{"leaf-ecdsa", root.leaf(t, "ecdsa", "ecdsa leaf").sign(t, k.module), greeting},
			{"unsigned", k.module, sayUnsigned},
			{"foreign", foreign.leaf(t, "rsa3072", "foreign leaf").sign(t, k.module), sayForeign},
		},
	}
}
