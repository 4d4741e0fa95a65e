package main

import (
	"context"
	"path/filepath"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// signOptions are those of the commands that sign modules.
type signOptions struct {
	SigningKey string `name:"key" placeholder:"FILE" help:"Sign modules with the private key in FILE, beside which its certificate lies, in place of the configured key."`
	passphraseOptions
}

// take has the options count more than the configuration. The passphrase is read at once: a descriptor is not to be passed on.
func (o signOptions) take(a *app) error {
	if o.SigningKey != "" {
		key := o.SigningKey
		if !strings.HasPrefix(key, "pkcs11:") {
			path, err := filepath.Abs(key)
			if err == nil {
				key, err = rooted.Root(a.Root).Inside(path)
			}
			if err != nil {
				return &engine.UsageError{Err: err}
			}
		}
		a.Signing = withKey(a.Signing, key)
		for name, own := range a.Modules {
			own.Signing = withKey(own.Signing, key)
			a.Modules[name] = own
		}
	}
	given, err := o.read()
	if err != nil {
		return err
	}
	if given != nil {
		a.OpenKey = func(_ context.Context, k keyring.Key, _ engine.Signing) (*signing.Signer, error) {
			return k.Signer(given)
		}
	}
	return nil
}

// withKey has modules signed with another key, whatever the configuration says of its own.
func withKey(s engine.Signing, key string) engine.Signing {
	s.Key, s.PassphraseFile, s.PassphraseCredential = key, "", ""
	if s.Signatures == engine.SignaturesNone || s.Signatures == engine.SignaturesElsewhere {
		s.Signatures = engine.SignaturesAuto
	}
	return s
}
