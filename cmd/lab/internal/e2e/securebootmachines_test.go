//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"mago/cmd/lab/internal/secureboot"
	"mago/kbuild/firmware/esl"
)

// What Debian's kernels say of modules that they refuse. Of one that was changed after it was signed they say nothing.
const (
	sayUnsigned = "Loading of unsigned module is rejected"
	sayForeign  = "Loading of module with unavailable key is rejected"
	sayNothing  = ""
)

// signed is an attempt whose outcome is that of its certificates.
func (s signer) signed(t *testing.T, name string, module []byte, says string) attempt {
	t.Helper()
	return attempt{name, s.sign(t, module), says, s.chain()}
}

func asBuilt(module []byte) attempt { return attempt{"unsigned", module, sayUnsigned, nil} }

// rootInMOK: modules of two leaf certificates that only the modules themselves hold. Of the leaves that MOKX revokes, the kernel
// refuses the one that is there by its bare hash: it takes a time beside it for a part of the hash, and the list of whole
// certificates (CONFIG_SYSTEM_REVOCATION_LIST) is not compiled into Debian's.
func rootInMOK(t *testing.T, k bootable, root, foreign signer) *secured {
	leaf, revoked := root.leaf(t, "rsa3072", "leaf"), root.leaf(t, "rsa3072", "revoked leaf")
	timed, whole := root.leaf(t, "rsa3072", "leaf revoked with a time"), root.leaf(t, "rsa3072", "leaf revoked whole")
	bare, err := esl.RevokedInMOKX(esl.Shim, revoked.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	banned := leaf.sign(t, append(bytes.Clone(k.module), 0))
	hash := sha256.Sum256(banned)
	changed := leaf.sign(t, k.module)
	changed[len(k.module)-1] ^= 1
	return &secured{
		name: "root in MOK", kernel: k,
		enrolled: secureboot.Enrolled{MOK: certificates(root), MOKX: []esl.Entry{bare, {Type: esl.SHA256, Owner: esl.Shim, Data: hash[:]},
			esl.RevokedInDBX(esl.Shim, timed.Certificate, time.Time{}), esl.Certificate(esl.Shim, whole.Certificate)}},
		attempts: []attempt{
			leaf.signed(t, "leaf", k.module, greeting),
			root.leaf(t, "rsa4096", "leaf 2").signed(t, "leaf-2", k.module, greeting),
			asBuilt(k.module),
			foreign.leaf(t, "rsa3072", "foreign leaf").signed(t, "foreign", k.module, sayForeign),
			{"leaf-not-embedded", leaf.bare().sign(t, k.module), sayForeign, nil},
			{"changed", changed, sayNothing, nil},
			revoked.signed(t, "revoked", k.module, fmt.Sprintf("X.509: Cert %x is blacklisted", bare.Data)),
			{"banned", banned, fmt.Sprintf("Module hash %x is blacklisted", hash), nil},
			timed.signed(t, "revoked-with-time", k.module, greeting),
			whole.signed(t, "revoked-whole", k.module, greeting),
		},
	}
}

func rootInDB(t *testing.T, k bootable, root, foreign signer) *secured {
	return &secured{
		name: "root in db", kernel: k, enrolled: secureboot.Enrolled{DB: certificates(root)},
		attempts: []attempt{
			root.leaf(t, "rsa3072", "leaf").signed(t, "leaf", k.module, greeting),
			asBuilt(k.module),
			foreign.leaf(t, "rsa3072", "foreign leaf").signed(t, "foreign", k.module, sayForeign),
		},
	}
}

// flatInMOK: keys as dkms's users have them, and a root of the kind that kernels know since 6.7.
func flatInMOK(t *testing.T, k bootable, foreign signer) *secured {
	rsa, ecdsa, root := newFlat(t, "rsa3072", "flat rsa"), newFlat(t, "ecdsa", "flat ecdsa"), newRoot(t, "ecdsa", "ecdsa root")
	return &secured{
		name: "flat in MOK", kernel: k, enrolled: secureboot.Enrolled{MOK: certificates(rsa, ecdsa, root)},
		attempts: []attempt{
			rsa.signed(t, "flat-rsa", k.module, greeting),
			ecdsa.signed(t, "flat-ecdsa", k.module, greeting),
			root.leaf(t, "ecdsa", "ecdsa leaf").signed(t, "leaf-ecdsa", k.module, greeting),
			asBuilt(k.module),
			foreign.leaf(t, "rsa3072", "foreign leaf").signed(t, "foreign", k.module, sayForeign),
		},
	}
}
