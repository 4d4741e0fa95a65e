package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"mago/cmd/mago/internal/keyring"
	"mago/kbuild/signing"
)

// revoke ends a certificate: mago signs nothing with it any more, and says what machines need to know.
func (c *keyCommand) revoke(a keyTeller, ctx context.Context) error {
	word := strings.Join(c.Files, "")
	file, err := readGiven(word)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = nil, nil
	}
	if err != nil {
		return err
	}
	if a.DryRun {
		a.tellNothingDone("revoke a certificate")
		return nil
	}
	r, err := a.keyStore().Revoke(ctx, file, word)
	if err != nil {
		return err
	}
	a.tellRevoked(r)
	return nil
}

// tellRevoked says what has to be done beside mago: kernels heed different things.
func (a keyTeller) tellRevoked(r keyring.Revoked) {
	a.tellField("revoked", signing.Name(r.Certificate)+", SHA-1 "+keyring.Fingerprint(r.Certificate)+": mago signs nothing with it any more")
	a.tellField("machines", "whose kernels have CONFIG_SYSTEM_REVOCATION_LIST, such as Ubuntu's, refuse what it has signed after:")
	for _, step := range a.enrolment(r.DER, "--mokx") {
		a.screen.paste("  " + step)
	}
	a.tellField("", strings.Replace(blueScreen, "MOK,", "MOKX,", 1))
	a.tellField("note", "Debian's kernels heed only its hash, which is in "+r.List+" for whoever writes MokListX (virt-fw-vars); "+
		"neither mokutil nor the blue screen takes it. Elsewhere a new root is the sure way: make one, enroll it, and have mokutil --delete the old one")
	if r.Present {
		a.screen.paste("next: " + a.rotation())
	}
}
