package main

import (
	"crypto/x509"
	"fmt"
	"time"

	"mago/kbuild/signing"
)

// describe names a certificate, the kind of its key and its end.
func describe(c *x509.Certificate) string {
	return fmt.Sprintf("%s, %s, until %s", signing.Name(c), signing.Strength(c), c.NotAfter.UTC().Format(time.DateOnly))
}
