package firmware

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
)

// Keys are the keys of the running kernel that root sees in /proc/keys. That file does not say which keyring holds a key.
type Keys struct {
	Known      bool           // false where the reader may not see the kernel's own
	Asymmetric []Key          // of all keyrings, .blacklist's among them
	Rings      map[string]int // how many keys and keyrings each of the kernel's keyrings holds: .machine, .platform and others
	Revoked    []string       // tbs:HASH of certificates and bin:HASH of programs and modules
}

// Key is a certificate of the kernel.
type Key struct {
	Name string // the subject's organization and common name, or one of them
	ID   string // the subject key identifier, in hexadecimal; the serial number of a certificate without one
}

// maxKeys is how many bytes of /proc/keys are read.
const maxKeys = 16 << 20

// ParseKeys reads /proc/keys: nine columns and a description, which may hold spaces (security/keys/proc.c). The type is cut at
// nine letters. The kernel's keyrings have names that begin with a dot; nobody else can make such.
func ParseKeys(r io.Reader) (Keys, error) {
	keys := Keys{Rings: map[string]int{}}
	lines := bufio.NewScanner(io.LimitReader(r, maxKeys))
	for lines.Scan() {
		kind, description := splitKey(lines.Text())
		switch kind {
		case "asymmetri":
			keys.addAsymmetric(description)
		case "keyring":
			keys.addRing(description)
		case "blacklist":
			keys.Revoked = append(keys.Revoked, description)
		}
	}
	_, keys.Known = keys.Rings[".builtin_trusted_keys"]
	return keys, lines.Err()
}

// splitKey skips serial number, flags, uses, timeout, permissions, owner and group.
func splitKey(line string) (kind, description string) {
	for range 8 {
		line = strings.TrimLeft(line, " ")
		kind, line, _ = strings.Cut(line, " ")
	}
	return kind, strings.TrimLeft(line, " ")
}

// addAsymmetric reads "NAME: ID: X509.rsa LAST8 []"; a key from elsewhere than a certificate has another form, and is left out
// (crypto/asymmetric_keys/asymmetric_type.c, x509_public_key.c).
func (k *Keys) addAsymmetric(description string) {
	at := strings.LastIndex(description, ": X509.")
	if at < 0 {
		return
	}
	colon := strings.LastIndex(description[:at], ": ")
	if colon < 0 {
		return
	}
	k.Asymmetric = append(k.Asymmetric, Key{description[:colon], description[colon+2 : at]})
}

// addRing reads ".machine: 2" or ".machine: empty" (security/keys/keyring.c).
func (k *Keys) addRing(description string) {
	name, count, _ := strings.Cut(description, ": ")
	if strings.HasPrefix(name, ".") {
		k.Rings[name], _ = strconv.Atoi(count)
	}
}

// has reports whether the kernel holds a certificate, known by its subject key identifier, or else by serial and name.
func (k Keys) has(c *x509.Certificate) bool {
	for _, key := range k.Asymmetric {
		if len(c.SubjectKeyId) > 0 && key.ID == hex.EncodeToString(c.SubjectKeyId) {
			return true
		}
		if len(c.SubjectKeyId) == 0 && key.ID == serial(c) && strings.HasSuffix(key.Name, c.Subject.CommonName) {
			return true
		}
	}
	return false
}

// serial is a serial number as the certificate has it, which begins with a zero byte where it would look negative.
func serial(c *x509.Certificate) string {
	bytes := c.SerialNumber.Bytes()
	if len(bytes) == 0 || bytes[0] >= 0x80 {
		bytes = append([]byte{0}, bytes...)
	}
	return hex.EncodeToString(bytes)
}

// Keys reads /proc/keys.
func (m Machine) Keys() Keys {
	file, err := m.root().Open("/proc/keys")
	if err != nil {
		return Keys{}
	}
	defer file.Close()
	keys, _ := ParseKeys(file)
	return keys
}
