package pkcs11

import (
	"fmt"
	"strings"
)

// Kind is what keeps a key on a token from signing.
type Kind string

// The kinds of errors.
const (
	NoProgram     Kind = "program"     // mago-pkcs11 is not installed
	NoModule      Kind = "module"      // the module cannot be loaded, or does not work
	NoToken       Kind = "token"       // no token that is wanted is there
	NoKey         Kind = "key"         // the token has no such key
	Several       Kind = "several"     // more than one is meant
	NoCertificate Kind = "certificate" // the token has none of the key
	NotRSA        Kind = "kind"
	NoPIN         Kind = "no-pin"
	WrongPIN      Kind = "pin"
	Locked        Kind = "locked" // by too many wrong PINs
	Mismatch      Kind = "mismatch"
	Refused       Kind = "refused" // the token does not sign, whatever the reason
	Gone          Kind = "gone"    // the token, or mago-pkcs11, in the middle of it
	Hangs         Kind = "hangs"
)

// Error is a key on a token that cannot be used.
type Error struct {
	Kind   Kind
	Key    Wanted   // that is wanted
	What   string   `json:",omitempty"` // the module or program; the answer of the token
	Others []string `json:",omitempty"` // which tokens or keys there are
	Tries  string   `json:",omitempty"` // WrongPIN: how many are left, as far as the token says
}

func (e *Error) Error() string {
	token := "the token " + e.Key.TokenName()
	switch e.Kind {
	case NoProgram:
		return "the program mago-pkcs11, which talks to tokens, is not installed"
	case NoModule:
		return "the PKCS #11 module cannot be used: " + e.What
	case NoToken:
		if e.Key.OfToken().String() == "" {
			return "no token is there: is it plugged in?"
		}
		return token + " is not there: is it plugged in?" + e.listed()
	case NoKey:
		return token + " shows no such key or certificate" + e.listed()
	case Several:
		return "more than one key on " + token + " is meant" + e.listed()
	case NoCertificate:
		return token + " has no certificate of the key"
	case NotRSA:
		return "the key on " + token + " is of the kind " + e.What + ", and a token's signatures differ each time with another kind than RSA: packages would not be the same twice"
	case NoPIN:
		return token + " wants its PIN"
	case WrongPIN:
		return token + " refuses the PIN" + e.Tries
	case Locked:
		return token + " is locked: a wrong PIN was given too often"
	case Mismatch:
		return "what the key on " + token + " signs its certificate does not verify"
	case Hangs:
		return token + " has not answered within " + e.What
	case Gone:
		return token + " has gone while mago worked: " + e.What
	}
	return token + " does not sign: " + e.What
}

func (e *Error) listed() string {
	if len(e.Others) == 0 {
		return ""
	}
	const most = 5
	if len(e.Others) > most {
		return fmt.Sprintf("; there are %s and %d more", strings.Join(e.Others[:most], ", "), len(e.Others)-most)
	}
	return "; there are " + strings.Join(e.Others, ", ")
}

// Hint is what to do next, "" where that is plain.
func (e *Error) Hint() string {
	switch e.Kind {
	case NoProgram:
		return "mago's package has it in /usr/libexec/mago, and so has what \"make install\" puts below /usr/local"
	case NoModule:
		next := "name another one in the URI (?module-path=/usr/lib/...), or have p11-kit know it: \"p11-kit list-modules\""
		if strings.Contains(e.What, "C_Initialize") {
			next = "that of a smart card's reader wants the package pcscd; or " + next
		}
		return next
	case NoToken:
		return "\"p11tool --list-tokens\" (gnutls-bin) or \"pkcs11-tool --module MODULE -L\" (opensc) shows what is there"
	case NoKey, Several:
		return "name it by its id, which \"pkcs11-tool --module MODULE -O\" shows, as ;id=%01"
	case NoCertificate:
		return "write the certificate to the token with the key's id: \"pkcs11-tool --module MODULE --login -w FILE.der -y cert -d ID\""
	case NotRSA:
		return "take an RSA key"
	case NoPIN:
		return "mago asks for it at a terminal; elsewhere --passphrase-file, or Passphrase-File in the configuration, names a file that has it"
	case WrongPIN:
		return "check it before you try again: after a few wrong ones a token locks itself"
	case Locked:
		return "unlock it with its PUK or SO PIN: \"pkcs11-tool --module MODULE --login --login-type so --init-pin\""
	case Mismatch:
		return "write the certificate of this key to the token, with the key's id"
	case Gone, Hangs:
		return "once the token is there again, run the same command again; what is built is kept"
	}
	return ""
}
