package secureboot

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"os"
	"regexp"
	"strings"

	"mago/kbuild/signing"
)

// SignList has sign-efi-sig-list(1) make an update which appends a list of certificates to a variable, signed by a key of PK or KEK.
func (w *Workshop) SignList(ctx context.Context, variable string, list []byte, key crypto.Signer, certificate *x509.Certificate) ([]byte, error) {
	private, err := signing.FormatKey(key, nil)
	if err = errors.Join(err, w.clear(), w.put("list", list), w.put("key", private), w.put("certificate", signing.FormatCertificate(certificate))); err != nil {
		return nil, err
	}
	if _, err = w.system.Run(ctx, "sign-efi-sig-list", "-a", "-k", bench+"/key", "-c", bench+"/certificate", variable, bench+"/list", bench+"/update"); err != nil {
		return nil, err
	}
	return os.ReadFile(w.system.Path(bench + "/update"))
}

var loaded = regexp.MustCompile(`(?m)(/\S+) \(0x`)

// Programs gives programs of the workshop and the libraries that they need, by their paths.
func (w *Workshop) Programs(ctx context.Context, paths ...string) (map[string][]byte, error) {
	libraries, err := w.system.Run(ctx, append([]string{"ldd"}, paths...)...)
	if err != nil {
		return nil, err
	}
	for _, m := range loaded.FindAllStringSubmatch(libraries, -1) {
		paths = append(paths, m[1])
	}
	files := map[string][]byte{}
	for _, path := range paths {
		if files[strings.TrimPrefix(path, "/")], err = os.ReadFile(w.system.Path(path)); err != nil {
			return nil, err
		}
	}
	return files, nil
}
