package engine

import (
	"fmt"
	"strings"

	"mago/cmd/mago/internal/keyring"
	"mago/cmd/mago/internal/store"
	"mago/kbuild/firmware"
)

// UnloadableError says that a kernel would not load modules, or not those of several that are signed.
type UnloadableError struct {
	Unit string
	id   store.ID
	Demand
	Lack
}

// Demand is what asks for signatures; its zero value is that nothing does.
type Demand struct {
	Why    string   // the kernel loads only what it trusts, "" where it loads anything
	Copies []string // signed modules that these would be loaded in the place of, as paths in the root

	required bool // whether it is the configuration that asks
}

func (d Demand) asks() bool { return d.Why != "" || d.required || len(d.Copies) > 0 }

// Lack is what keeps a machine from trusting modules.
type Lack struct {
	Key    string          // what mago would sign them with, "" where it has no key
	Reason firmware.Reason // what is wrong with the signatures of that, or of what is built
	Enroll string          // the file that mokutil has to be given to enroll the key, "" where there is none to be given
	Built  *store.ID       // what is built and would be installed, nil where it is still to be built

	keyless   bool // whether mago has no key here
	elsewhere bool // whether the configuration has another machine sign
	closed    bool // whether there may be a key that only root may read
	came      bool // whether the signatures of what is built are those that it comes with
	kept      bool // whether the configuration keeps these
}

// unloadableError is that of a unit whose modules lack something, nil where they do not.
func unloadableError(u unit, asked Demand, lacking *Lack) *UnloadableError {
	if lacking == nil {
		return nil
	}
	return &UnloadableError{u.String(), u.id(), asked, *lacking}
}

func (e *UnloadableError) Error() string {
	if e.elsewhere && e.Built == nil {
		return e.Unit + ": the configuration has another machine sign it, which has not happened yet"
	}
	if e.required && e.Built == nil {
		return e.Unit + ": the configuration requires signatures, and there is no key to sign with"
	}
	return fmt.Sprintf("%s: %s, and %s", e.Unit, e.lack(), e.reason())
}

// lack is what the modules lack.
func (e *UnloadableError) lack() string {
	switch {
	case e.Built != nil && e.Reason == unsigned:
		return "what is built is not signed"
	case e.Built != nil:
		return "what is built is signed, but " + string(e.Reason)
	case e.Key != "":
		return e.Key + " signs, but " + string(e.Reason)
	case e.closed:
		return "mago signs nothing without root's rights, for only root may look for a key in " + keyring.Dir
	}
	return "mago has no key to sign modules with"
}

func (e *UnloadableError) reason() string {
	switch {
	case e.Why != "":
		return "the kernel loads only modules that it trusts: " + e.Why
	case e.required:
		return "the configuration requires signatures"
	}
	return fewOf(e.Copies, "modinfo -F signer") + " is signed: under Secure Boot only that one loads"
}

const whereElse = "where another machine has the key, Signatures: elsewhere in mago.conf builds without it (mago help sign)"

// Hint is what makes modules load, and what the way out is.
func (e *UnloadableError) Hint(on System) string {
	without := "with --unsigned mago installs its own all the same, and the kernel loads them instead of the signed ones"
	switch {
	case e.Why != "":
		without = "with --unsigned mago signs nothing and goes on; the kernel refuses such modules until you have signed them"
	case e.required:
		without = "with --unsigned mago signs nothing and goes on"
	}
	return Hints(e.step(on), without)
}

// EnrollSigner is how a machine gets to load what another one has signed.
func EnrollSigner() string {
	return `mokutil --import takes its certificate here: mok.der in the directory that was signed, or what "mago key export --mok" writes on the machine that has signed it`
}

func (e *UnloadableError) step(on System) string {
	switch {
	case e.kept:
		return fmt.Sprintf("the source signs its modules itself: enroll its certificate; or see with %q where Resign is set to no, and let mago sign them", on.Mago("config", e.Built.Module))
	case e.came && e.keyless && !e.elsewhere:
		return fmt.Sprintf("the source signs its modules itself: enroll its certificate; or %q makes a key, with which mago signs them anew", on.SudoMago("key", "new"))
	case e.Built != nil && e.keyless && e.Reason == firmware.NotEnrolled:
		return EnrollSigner()
	case e.Built != nil && e.keyless && (e.elsewhere || e.Reason != unsigned):
		return fmt.Sprintf("%q asks for a signature; mago help sign says how it comes", on.Mago("sign", "-f", "--requests", "to-sign", "-l", e.id.Kernel, e.id.Module))
	case e.Built != nil:
		return fmt.Sprintf("%q signs it anew, without a compiler, or says what it lacks", on.Mago("auto-build", "-l", e.Built.Kernel, e.Built.Module))
	case e.Enroll != "" && e.Key == "" && !e.elsewhere:
		return fmt.Sprintf(`%q makes a key, and says how to enroll it; or enroll the one that is there, which another program has made: run "%s", and the same command again`,
			on.SudoMago("key", "new"), strings.Join(on.Enrolment(e.Enroll), `", then "`))
	case e.Enroll != "" && e.Key != "":
		return fmt.Sprintf(`run "%s", choose a password, and run the same command again; the next boot asks for it`, strings.Join(on.Enrolment(e.Enroll), `", then "`))
	case e.Key != "":
		return fmt.Sprintf("%q says what the machine trusts", on.SudoMago("key", "status"))
	case e.elsewhere:
		return fmt.Sprintf("%q builds it, and says how it is signed", on.Mago("auto-build", "-l", e.id.Kernel, e.id.Module))
	case e.closed:
		return "run the same command as root; " + whereElse
	}
	return fmt.Sprintf("%q makes a key, and says how to enroll it; %s", on.SudoMago("key", "new"), whereElse)
}
