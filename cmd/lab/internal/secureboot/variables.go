package secureboot

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"

	"mago/kbuild/firmware/esl"
)

// Enrolled is what a machine's owner has enrolled, beside Microsoft's certificates in the firmware and Debian's in shim.
type Enrolled struct {
	Setup bool                // the firmware has no certificates at all, not even Microsoft's: it is in setup mode
	MOK   []*x509.Certificate // in shim's list of Machine Owner Keys
	DB    []*x509.Certificate // in the firmware's own list
	MOKX  []esl.Entry         // in shim's list of what is revoked
}

// variables writes the firmware's variables with virt-fw-vars(1).
func (w *Workshop) variables(ctx context.Context, to string, enrolled Enrolled) error {
	const empty, microsoft, made = "/usr/share/OVMF/OVMF_VARS_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd", bench + "/variables"
	if enrolled.Setup {
		return w.fetch(empty, to)
	}
	if err := w.clear(); err != nil {
		return err
	}
	if err := w.put("mokx.json", mokx(enrolled.MOKX)); err != nil {
		return err
	}
	args := []string{"virt-fw-vars", "--input", microsoft, "--output", made, "--set-json", bench + "/mokx.json"}
	for option, all := range map[string][]*x509.Certificate{"--add-mok": enrolled.MOK, "--add-db": enrolled.DB} {
		for i, certificate := range all {
			name := fmt.Sprintf("%s-%d.pem", option[2:], i)
			if err := w.put(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})); err != nil {
				return err
			}
			args = append(args, option, esl.Shim.String(), bench+"/"+name)
		}
	}
	if _, err := w.system.Run(ctx, args...); err != nil {
		return err
	}
	return w.fetch(made, to)
}

// variable is one in the form of virt-fw-vars's --set-json.
type variable struct {
	Name string `json:"name"`
	GUID string `json:"guid"`
	Attr int    `json:"attr"`
	Data string `json:"data"`
}

// mokx is the variables of what is revoked: none where nothing is. shim takes the list only where the running system cannot change it.
func mokx(revoked []esl.Entry) []byte {
	const nonVolatile, bootService = 1, 2
	variables := []variable{}
	if len(revoked) > 0 {
		variables = append(variables, variable{"MokListX", esl.Shim.String(), nonVolatile | bootService, hex.EncodeToString(esl.Encode(revoked...))})
	}
	text, err := json.Marshal(map[string]any{"version": 2, "variables": variables})
	if err != nil {
		panic(err) // which strings and numbers do not give
	}
	return text
}
