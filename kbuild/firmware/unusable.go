package firmware

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
)

// rsaSizes are those that Linux takes, in bits (rsa_check_key_length of crypto/rsa.c).
var rsaSizes = []int{512, 1024, 1536, 2048, 3072, 4096}

// Unusable says why a kernel cannot verify modules with certificates, "" where it can. config is its .config, nil where it is
// unknown. Linux knows RSA with PKCS #1, and ECDSA where it was built with CONFIG_CRYPTO_ECDSA, as Debian's are from 6.7 on;
// without it the kernel still takes such a key into its keyrings.
func Unusable(config map[string]string, chain ...*x509.Certificate) string {
	for _, c := range chain {
		switch key := c.PublicKey.(type) {
		case *rsa.PublicKey:
			if bits := key.N.BitLen(); !slices.Contains(rsaSizes, bits) {
				return fmt.Sprintf("it takes RSA keys of 2048, 3072 and 4096 bits, and not of %d", bits)
			}
		case *ecdsa.PublicKey:
			if len(config) > 0 && config["CONFIG_CRYPTO_ECDSA"] != "y" {
				return "it was built without CONFIG_CRYPTO_ECDSA"
			}
		default:
			return fmt.Sprintf("it knows no %s keys", c.PublicKeyAlgorithm)
		}
	}
	return ""
}
