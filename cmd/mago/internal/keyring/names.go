package keyring

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"mago/debpkg/rooted"
)

// maxName is how long a key's name may be, so that a certificate's fits in the 64 letters of RFC 5280 (ub-common-name) with what tells
// it from others.
const maxName = 40

var goodName = regexp.MustCompile(`^[!-~](?:[ -~]*[!-~])?$`)

// CheckName refuses a name that the blue screen could not show: it knows ASCII.
func CheckName(name string) error {
	if !goodName.MatchString(name) || len(name) > maxName {
		return fmt.Errorf("%q is not a name of 1 to %d ASCII letters", name, maxName)
	}
	return nil
}

// UsualName is what a key is called where nobody names it: after the machine that has the root.
func UsualName(root rooted.Root) string {
	for _, path := range []string{"/etc/hostname", "/proc/sys/kernel/hostname"} {
		text, _ := root.ReadFile(path)
		if name := "mago on " + strings.TrimSpace(string(text)); len(name) > len("mago on ") && CheckName(name) == nil {
			return name
		}
	}
	return "mago"
}

// rootName and leafName are what the certificates of a key are called: they tell the one from the other, and leaves from each other.
func rootName(name string) string { return name + " (root)" }

func leafName(name string, now time.Time) string {
	return fmt.Sprintf("%s (modules, %s)", name, day(now))
}

// nameOf is the name that a root's certificate was called after.
func nameOf(root string) string {
	name := strings.TrimSuffix(root, " (root)")
	return name[:min(len(name), maxName)]
}
