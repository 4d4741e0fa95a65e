package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mago/cmd/mago/internal/detached"
	"mago/debpkg"
	"mago/kbuild/firmware/esl"
	"mago/kbuild/signing"
)

// signers prints who has signed each module of a package, as far as the signatures say it themselves.
func signers(ts *testscript.TestScript, _ bool, args []string) {
	r, err := debpkg.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer r.Close()
	data, err := r.Data()
	ts.Check(err)
	defer data.Close()
	for entries := tar.NewReader(data); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		ts.Check(err)
		if path.Ext(h.Name) == ".ko" {
			text, err := io.ReadAll(entries)
			ts.Check(err)
			fmt.Fprintf(ts.Stdout(), "%s: %s\n", path.Base(h.Name), signerOf(ts, text))
		}
	}
}

func signerOf(ts *testscript.TestScript, module []byte) string {
	_, message, err := signing.Unsigned(bytes.NewReader(module), int64(len(module)))
	ts.Check(err)
	if message == nil {
		return "nobody"
	}
	s, err := signing.Parse(message)
	ts.Check(err)
	if len(s.Certificates) == 0 {
		return "somebody who is to be known"
	}
	return signing.Name(s.Certificates[0])
}

// signdir signs a directory of requests with a new key, of a kind, whose certificate is valid for a year from a date on.
func signdir(ts *testscript.TestScript, _ bool, args []string) {
	key, err := signing.Generate(args[1])
	ts.Check(err)
	from, err := time.Parse(time.DateOnly, args[2])
	ts.Check(err)
	c, err := signing.Flat(key, signing.Subject{Name: "somebody", From: from, Days: 365})
	ts.Check(err)
	dir, err := detached.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer dir.Close()
	asked, err := dir.Inspect()
	ts.Check(err)
	ts.Check(asked.Sign(context.Background(), &signing.Signer{Key: key, Certificate: c}, []*x509.Certificate{c}, func(detached.Request) {}))
}

// enroll writes a variable of the firmware: a list that holds one certificate, DER.
func enroll(ts *testscript.TestScript, _ bool, args []string) {
	der, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	c, err := signing.ParseCertificate(der)
	ts.Check(err)
	list := esl.Encode(esl.Certificate(esl.Shim, c))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append([]byte{7, 0, 0, 0}, list...), 0o644))
}
