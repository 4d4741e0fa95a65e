package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"mago/cmd/mago/internal/detached"
	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/kbuild"
	"mago/kbuild/signing"
	"mago/kbuild/signing/pkcs11"
)

// explainKey explains what is wrong with keys.
func (a adviser) explainKey(err error) (int, string) {
	var rootOnly *rootOnlyError
	var of *keyring.Error
	var exists *keyring.ExistsError
	var token *pkcs11.Error
	var uri *pkcs11.URIError
	var date *keyring.DateError
	switch {
	case errors.As(err, &rootOnly):
		return exitNotRoot, fmt.Sprintf(`run "%s", or the same command as root`, a.on.SudoMago(rootOnly.words...))
	case errors.As(err, &exists) && exists.Flat:
		return exitError, fmt.Sprintf(`"%s" makes another key, which every machine has to enroll, and keeps this one`, a.anotherKey())
	case errors.As(err, &exists):
		return exitError, fmt.Sprintf(`"%s" makes a new leaf, and nothing is enrolled again; -f makes another key, which every machine has to enroll, and keeps this one`, a.newLeaf())
	case errors.As(err, new(*keyring.InTheWayError)):
		return exitError, "name another file"
	case errors.As(err, new(*keyring.FlatError)):
		return exitKey, fmt.Sprintf(`"%s" makes a root and a leaf; the root has to be enrolled once more, and its leaves then change without that`, a.anotherKey())
	case errors.As(err, new(*keyring.NoRootKeyError)):
		return exitKey, "name the file that you have put away with --root-key FILE"
	case errors.As(err, &token):
		return exitKey, token.Hint()
	case errors.As(err, &uri):
		return exitKey, uri.Hint()
	case errors.As(err, new(*keyring.EmptyPassphraseError)):
		return exitKey, "write the passphrase into its first line; where there is none, name no file"
	case errors.As(err, new(*secretFileError)):
		return exitKey, ""
	case errors.As(err, &of):
		return exitKey, a.keyHint(of)
	case errors.As(err, new(*detached.BusyError)):
		return exitBusy, "when that has ended, run the same command again"
	case errors.As(err, &date) && date.Early():
		return exitKey, "set the clock of the machine that is wrong, this one or the one that has signed, and run the same command again"
	case errors.As(err, &date), errors.As(err, new(*engine.UnusableKeyError)):
		return exitKey, "sign the directory once more, on the machine that has the key, with another one (mago help key)"
	case errors.As(err, new(*engine.StaleRequestError)), errors.As(err, new(*engine.OtherHashError)):
		return exitNoModule, `"mago sign --requests DIR" asks for the signatures of what is built now`
	case errors.As(err, new(*signing.HashError)):
		return exitKey, "with --unsigned mago signs nothing"
	case errors.As(err, new(*kbuild.SignError)):
		return exitKey, "the source is not at fault; once the key can sign, run the same command again"
	case errors.As(err, new(*engine.ElsewhereError)):
		return exitKey, "take the directory to the machine that has the key, and sign it there"
	case errors.Is(err, engine.ErrNoKey), errors.As(err, new(*keyring.NoKeyError)):
		return exitKey, fmt.Sprintf(`"%s" makes one`, a.newKey())
	case errors.As(err, new(*keyring.UnknownError)):
		return exitKey, fmt.Sprintf(`"%s" has the fingerprints`, a.keyStatus())
	case errors.As(err, new(*signing.PassphraseError)):
		return exitKey, passphraseHint
	}
	return 0, ""
}

// explainUnwritable explains a directory of keys that cannot be changed, which a broken disk is not.
func (a adviser) explainUnwritable(err error) (int, string) {
	if errors.As(err, new(*keyring.UnwritableError)) {
		return exitError, "make the file system that has it writable (mount -o remount,rw), or name a tree that can be changed with --root DIR"
	}
	return 0, ""
}

const passphraseHint = "mago asks for a passphrase at a terminal; elsewhere --passphrase-file or --passphrase-fd gives one"

// keyHint is the next step for a key that cannot be used.
func (a adviser) keyHint(of *keyring.Error) string {
	var open *keyring.OpenToOthersError
	var date *keyring.DateError
	var passphrase *signing.PassphraseError
	var wrong *keyring.WrongFileError
	switch {
	case errors.As(of, &wrong):
		return a.wrongFileHint(wrong)
	case errors.As(of, &open):
		return fmt.Sprintf(`run "%s"`, a.closing(open.Path))
	case errors.As(of, &passphrase) && passphrase.Given:
		return "try another one; where none was typed it is from --passphrase-file, --passphrase-fd, the configuration or systemd's credential, in this order"
	case errors.As(of, &passphrase):
		return passphraseHint
	case errors.As(of, new(*engine.UnusableKeyError)):
		return fmt.Sprintf(`"%s --algorithm rsa3072" makes a key that every kernel takes, and keeps the present one beside it`, a.anotherKey())
	case errors.As(of, &date) && filepath.Dir(of.Path) != keyring.Dir:
		return "name another key, or renew the certificate where it was made; set the clock if it is wrong"
	case errors.As(of, &date) && date.Early():
		return fmt.Sprintf(`set the clock, or run "%s"`, a.newLeaf())
	case errors.As(of, &date), errors.As(of, new(*keyring.RevokedError)):
		return fmt.Sprintf(`"%s" makes a new leaf of the same root; of a key without a root "%s" makes another`, a.newLeaf(), a.anotherKey())
	}
	return fmt.Sprintf(`"%s" shows all keys and which one is used`, a.keyStatus())
}

// wrongFileHint is how a file becomes one that can be imported.
func (a adviser) wrongFileHint(e *keyring.WrongFileError) string {
	path := engine.Pasted(e.Path)
	switch e.Wrong {
	case keyring.Swapped:
		return fmt.Sprintf(`run "%s"`, a.on.SudoMago("key", "import", e.Other, e.Path))
	case keyring.PKCS12:
		return fmt.Sprintf(`"openssl pkcs12 -in %s -out key.pem" makes PEM of it, where it says unsupported with -legacy; import key.pem then`, path)
	case keyring.SeveralKeys:
		return fmt.Sprintf(`"openssl pkey -in %s -out key.pem" writes the first one; import key.pem then, and name its certificate's file behind it`, path)
	}
	return "name first the file of the private key, and behind it that of its certificate"
}
