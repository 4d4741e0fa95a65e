package main

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/rooted"
	"mago/debpkg/word"
	"mago/kbuild/signing"
	"mago/sources/lock"
)

// keyCommand is one command with actions as words: commas join whole commands, and an option has the actions that take it in a tag.
type keyCommand struct {
	Action string   `arg:"" optional:"" name:"action" help:"new, import, rotate, revoke, export, or status, the usual one."`
	Files  []string `arg:"" optional:"" name:"file" help:"Of import: a private key, and its certificate where that is another file. Of revoke: a certificate's file or fingerprint."`

	Flat       bool   `actions:"new" help:"Make one self-signed key, as dkms has it, in place of a root and a leaf that can change."`
	Algorithm  string `actions:"new,rotate" placeholder:"KIND" help:"Kind of key: rsa3072 (the usual one), rsa4096, or ecdsa, which kernels before 6.7 do not take."`
	Days       int    `actions:"new,rotate" placeholder:"N" help:"Days that the key which signs is valid: 1825, of a flat one 10950."`
	RootKey    string `actions:"new,rotate" placeholder:"FILE" help:"Where the root's private key goes, or is: on a medium that is kept elsewhere."`
	RootCert   string `actions:"import" placeholder:"FILE" help:"The certificate of the root that has issued the imported key's."`
	Unattended bool   `actions:"new,import,rotate" help:"Leave the key that signs unencrypted, so that nobody has to be there when it signs."`
	MOK        bool   `name:"mok" actions:"export" help:"Write the certificate for mokutil."`
	DB         bool   `name:"db" actions:"export" help:"Write the certificate for the firmware's own list, for many machines in setup mode."`
	Output     string `actions:"export" placeholder:"DIR" help:"Where export writes; by default here."`
	passphraseOptions
	jsonOption
}

// passphraseOptions say where a passphrase is read. The environment and command lines, which others see, are no place for one.
type passphraseOptions struct {
	PassphraseFile string `actions:"new,import,rotate,export" placeholder:"FILE" help:"Read the passphrase from the first line of FILE."`
	PassphraseFD   int    `name:"passphrase-fd" default:"-1" actions:"new,import,rotate,export" placeholder:"N" help:"Read the passphrase from the file descriptor N."`
}

// keyTeller shows what becomes of keys.
type keyTeller struct{ *app }

// keyStatus is the action where none is named.
const keyStatus = "status"

// keyActions are what each action does.
var keyActions = map[string]func(*keyCommand, keyTeller, context.Context) error{
	"new": (*keyCommand).make, "import": (*keyCommand).take, "rotate": (*keyCommand).rotate, "revoke": (*keyCommand).revoke,
	"export": (*keyCommand).export, keyStatus: (*keyCommand).status,
}

// keyActionNames are the actions in the order in which people need them.
var keyActionNames = []string{keyStatus, "new", "import", "rotate", "revoke", "export"}

// Validate refuses, before any command is run, what an action does not take.
func (c *keyCommand) Validate(ctx *kong.Context) error {
	if c.Action == "" {
		c.Action = keyStatus
	}
	if keyActions[c.Action] == nil {
		return misuse("key", "no such action: %s%s; there are %s", c.Action, didYouMean(word.Nearest(c.Action, keyActionNames)), strings.Join(keyActionNames, ", "))
	}
	for _, part := range ctx.Path {
		if part.Flag == nil {
			continue
		}
		if takers := takersOf(part.Flag); len(takers) > 0 && !slices.Contains(takers, c.Action) {
			return misuse("key", "%s does not take --%s, which is for %s", c.Action, part.Flag.Name, strings.Join(takers, ", "))
		}
	}
	return c.checkWords()
}

// takersOf are the actions that take an option; of one that all take there are none.
func takersOf(flag *kong.Flag) []string {
	switch flag.Name {
	case "json":
		return []string{keyStatus}
	case "name":
		return []string{"new", "rotate"}
	}
	if actions := flag.Tag.Get("actions"); actions != "" {
		return strings.Split(actions, ",")
	}
	return nil
}

// checkWords refuses too many files, or too few, and options that exclude each other or have no such value.
func (c *keyCommand) checkWords() error {
	most := map[string]int{"import": 2, "revoke": 1}[c.Action]
	switch {
	case len(c.Files) > most:
		return misuse("key", "%s does not take %s", c.Action, c.Files[most])
	case c.Action == "import" && len(c.Files) == 0:
		return misuse("key", "import needs the file of a private key")
	case c.Action == "export" && c.MOK == c.DB:
		return misuse("key", "export needs either --mok or --db")
	case c.Algorithm != "" && !slices.Contains(signing.Algorithms, c.Algorithm):
		return misuse("key", "there is no kind of key %q: --algorithm takes %s", c.Algorithm, strings.Join(signing.Algorithms, ", "))
	case c.Days < 0 || c.Days > maxDays:
		return misuse("key", "--days=%d is not a number of days up to %d", c.Days, maxDays)
	case c.PassphraseFile != "" && c.PassphraseFD >= 0:
		return misuse("key", "--passphrase-file and --passphrase-fd exclude each other")
	case c.Flat && (c.Unattended || c.RootKey != ""):
		return misuse("key", "a flat key has no root: --flat excludes --unattended and --root-key")
	}
	return nil
}

// maxDays keeps dates in what certificates can say.
const maxDays = 100 * 365

// Run does what the action says.
func (c *keyCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	needsRoot := c.Action != keyStatus && !c.MOK
	if needsRoot && !a.AsRoot() {
		return &rootOnlyError{[]string{"key", c.Action}}
	}
	return keyActions[c.Action](c, keyTeller{a}, ctx)
}

// rootOnlyError is an action that root's own rights are needed for: -S is for apt and dpkg.
type rootOnlyError struct{ words []string }

func (e *rootOnlyError) Error() string { return strings.Join(e.words, " ") + " needs root" }

// keyStore is the system's own directory of keys.
func (a *app) keyStore() keyring.Store {
	limit := lock.AtOnce
	if a.Wait.Given {
		limit = a.Wait.Limit
	}
	return keyring.Store{Root: rooted.Root(a.Root), Locks: lock.Locks{Limit: limit, Me: a.Me}, Tokens: engine.TokensOf(a.Engine)}
}

// present is the time by this machine's clock.
func present() time.Time { return time.Now().UTC().Truncate(time.Second) }

// absolute is a path from the working directory; "" for none.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}

// readGiven reads a file that the command line names.
func readGiven(path string) ([]byte, error) {
	path, err := absolute(path)
	if err != nil || path == "" {
		return nil, err
	}
	return rooted.Root("/").ReadFile(path)
}
