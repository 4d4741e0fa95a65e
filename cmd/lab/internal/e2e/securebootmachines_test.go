//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
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

// machines are those of an owner who has a root, and of one who has keys for the newest kernel.
func (o owner) machines(t *testing.T, released, newest bootable) []*secured {
	o.mago(t, "key", "new")
	foreign := newRoot(t, "foreign root")
	return []*secured{o.rootInMOK(t, released, foreign), o.rootInDB(t, released, foreign), o.keysInMOK(t, newest, foreign)}
}

// rootInMOK: modules of leaf certificates that only the modules themselves hold. Of the leaves that MOKX revokes, the kernel
// refuses those that are there by their bare hash: it takes a time beside it for a part of the hash, and the list of whole
// certificates (CONFIG_SYSTEM_REVOCATION_LIST) is not compiled into Debian's.
func (o owner) rootInMOK(t *testing.T, k bootable, foreign signer) *secured {
	first := o.attempt(t, "leaf", k, greeting)
	o.rotate(t)
	second := o.attempt(t, "leaf-2", k, greeting)
	o.rotate(t)
	bare := o.revoked(t, k)
	plain, root := o.build(t, k, "--unsigned"), o.root(t)
	leaf, timed, whole := root.leaf(t, "leaf"), root.leaf(t, "leaf revoked with a time"), root.leaf(t, "leaf revoked whole")
	banned, changed := leaf.sign(t, append(bytes.Clone(plain), 0)), leaf.sign(t, plain)
	changed[len(plain)-1] ^= 1
	hash := sha256.Sum256(banned)
	return &secured{
		name: "root in MOK", kernel: k,
		enrolled: secureboot.Enrolled{MOK: []*x509.Certificate{o.exported(t, "mok")}, MOKX: append(entriesIn(t, only(t, o.Path(revokedList))),
			esl.Entry{Type: esl.SHA256, Owner: esl.Shim, Data: hash[:]},
			esl.RevokedInDBX(esl.Shim, timed.Certificate, time.Time{}), esl.Certificate(esl.Shim, whole.Certificate))},
		attempts: []attempt{
			first, second, bare,
			asBuilt(plain),
			foreign.leaf(t, "foreign leaf").signed(t, "foreign", plain, sayForeign),
			{"leaf-not-embedded", leaf.bare().sign(t, plain), sayForeign, nil},
			{"changed", changed, sayNothing, nil},
			{"banned", banned, fmt.Sprintf("Module hash %x is blacklisted", hash), nil},
			timed.signed(t, "revoked-with-time", plain, greeting),
			whole.signed(t, "revoked-whole", plain, greeting),
		},
	}
}

// revokedList is what mago writes for MOKX.
const revokedList = "/var/lib/mago/keys/revoked/*.esl"

// revoked is the module, signed with a leaf that the owner then revokes.
func (o owner) revoked(t *testing.T, k bootable) attempt {
	a := o.attempt(t, "revoked", k, "")
	o.rotate(t)
	o.mago(t, "key", "revoke")
	a.says = fmt.Sprintf("X.509: Cert %x is blacklisted", esl.TBSHash(a.chain[0]))
	return a
}

func (o owner) rootInDB(t *testing.T, k bootable, foreign signer) *secured {
	plain := o.build(t, k, "--unsigned")
	return &secured{
		name: "root in db", kernel: k, enrolled: secureboot.Enrolled{DB: []*x509.Certificate{o.exported(t, "db")}},
		attempts: []attempt{
			o.attempt(t, "leaf", k, greeting),
			asBuilt(plain),
			foreign.leaf(t, "foreign leaf").signed(t, "foreign", plain, sayForeign),
		},
	}
}

// keysInMOK: keys as dkms's users have them, and a root, also of the kind that kernels know since 6.7.
func (o owner) keysInMOK(t *testing.T, k bootable, foreign signer) *secured {
	m := &secured{name: "keys in MOK", kernel: k}
	for name, options := range map[string][]string{"flat-rsa": {"--flat"}, "flat-ecdsa": {"--flat", "--algorithm=ecdsa"}, "leaf-ecdsa": {"--algorithm=ecdsa"}} {
		o.mago(t, slices.Concat([]string{"key", "new", "-f"}, options)...)
		m.attempts = append(m.attempts, o.attempt(t, name, k, greeting))
		m.enrolled.MOK = append(m.enrolled.MOK, o.exported(t, "mok"))
	}
	plain := o.build(t, k, "--unsigned")
	m.attempts = append(m.attempts, asBuilt(plain), foreign.leaf(t, "foreign leaf").signed(t, "foreign", plain, sayForeign))
	return m
}
