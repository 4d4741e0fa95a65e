// Package pkcs11 signs with keys that stay on a token: a smart card, a YubiKey, an HSM. A token's module is a shared library, which a
// static program cannot load, so that the program mago-pkcs11 does, as a child; this package reads the URIs that name keys (RFC 7512),
// starts the child and talks to it.
package pkcs11

import (
	"net/url"
	"path/filepath"
	"strings"
)

// Scheme is how a key's URI begins.
const Scheme = "pkcs11:"

// Proxy is the module that is taken where a URI names none: p11-kit's, behind which are all that the system knows. The dynamic linker
// finds it.
const Proxy = "p11-kit-proxy.so"

// URI names a private key, and how to get to it.
type URI struct {
	Wanted
	Module    string // an absolute path, or Proxy
	PINSource string // the absolute path of the file with the PIN, "" where somebody else has it
}

// Wanted is what a key and its token are known by; what is empty may be anything.
type Wanted struct {
	Token, Manufacturer, Model, Serial string // of the token
	Object                             string // the key's label
	ID                                 []byte // the key's
}

// URIError is a text that names no key.
type URIError struct {
	Why  string // never a PIN
	Next string
}

func (e *URIError) Error() string { return "the pkcs11: URI " + e.Why }

// Hint is what to do, "" where that is plain.
func (e *URIError) Hint() string { return e.Next }

// IsURI reports whether a key is on a token, by its name.
func IsURI(name string) bool { return strings.HasPrefix(name, Scheme) }

// Parse reads a URI (RFC 7512, 2.3). What mago does not look at it refuses, as a word with a typing error. The error is a *URIError.
func Parse(text string) (u URI, err error) {
	rest, ok := strings.CutPrefix(text, Scheme)
	if !ok {
		return u, &URIError{Why: "begins with pkcs11: and this does not"}
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7F }) {
		return u, &URIError{Why: "has a blank in it", Next: "write a blank as %20"}
	}
	path, query, _ := strings.Cut(rest, "?")
	if err := each(path, ";", u.setAttribute); err != nil {
		return u, err
	}
	u.Module = Proxy
	return u, each(query, "&", u.setQuery)
}

// each calls set with every name and decoded value; none may come twice.
func each(text, separator string, set func(name, value string) error) error {
	if text == "" {
		return nil
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, separator) {
		name, escaped, ok := strings.Cut(part, "=")
		if !ok {
			return &URIError{Why: "has a part without a value"}
		}
		value, err := url.PathUnescape(escaped)
		switch {
		case err != nil:
			return &URIError{Why: "has a wrong escape in its " + name}
		case seen[name]:
			return &URIError{Why: "says " + name + " twice"}
		case name != "id" && strings.ContainsRune(value, 0):
			return &URIError{Why: "has a byte 0 in its " + name}
		}
		seen[name] = true
		if err := set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func (u *URI) setAttribute(name, value string) error {
	switch name {
	case "token":
		u.Token = value
	case "manufacturer":
		u.Manufacturer = value
	case "model":
		u.Model = value
	case "serial":
		u.Serial = value
	case "object":
		u.Object = value
	case "id":
		u.ID = []byte(value)
	case "type":
		if value != "private" && value != "cert" {
			return &URIError{Why: "names a thing of another type than private or cert"}
		}
	default:
		return &URIError{Why: "has the attribute " + quoted(name) + ", which mago does not look at", Next: "name the token by token= or serial=, and the key by object= or id="}
	}
	return nil
}

func (u *URI) setQuery(name, value string) error {
	switch name {
	case "module-path":
		if !filepath.IsAbs(value) {
			return &URIError{Why: "has a module-path that is not absolute"}
		}
		u.Module = value
	case "pin-source":
		return u.setPINSource(value)
	case "pin-value":
		return &URIError{Why: "has the PIN in it, where everybody can read it",
			Next: "take pin-value= out; write the PIN to a file that only you can read, and name that as Passphrase-File, or leave it to mago to ask"}
	default:
		return &URIError{Why: "has the attribute " + quoted(name) + ", which mago does not look at", Next: "after the ? it looks at module-path= and pin-source="}
	}
	return nil
}

// setPINSource takes a file: URI or, as RFC 7512 (2.4) lets a consumer do, a plain path.
func (u *URI) setPINSource(value string) error {
	path := strings.TrimPrefix(value, "file:")
	if rest, ok := strings.CutPrefix(path, "//"); ok { // an empty host, or this one
		path = strings.TrimPrefix(rest, "localhost")
	}
	if !filepath.IsAbs(path) {
		return &URIError{Why: "has a pin-source that is not a file", Next: "write it as pin-source=file:/root/pin"}
	}
	u.PINSource = path
	return nil
}

// Shown is a URI as it may be printed: without a PIN.
func Shown(uri string) string {
	path, query, ok := strings.Cut(uri, "?")
	if !ok {
		return uri
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		if strings.HasPrefix(part, "pin-value=") {
			parts[i] = "pin-value=..."
		}
	}
	return path + "?" + strings.Join(parts, "&")
}
