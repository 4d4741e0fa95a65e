package keyring

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mago/debpkg/rooted"
	"mago/kbuild/signing"
)

// maxName is how long a key's name may be, so that a certificate's has room for what tells it from others.
const maxName = 40

// mostLetters a certificate's name may have (ub-common-name of RFC 5280).
const mostLetters = 64

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

// others are those that the name may not be of: leaves of one day are counted.
func leafName(name string, now time.Time, others []Retired) string {
	for i := 1; ; i++ {
		nth := ""
		if i > 1 {
			nth = fmt.Sprint(".", i)
		}
		told := fmt.Sprintf(" (modules, %s%s)", day(now), nth)
		leaf := name[:min(len(name), mostLetters-len(told))] + told
		if !slices.ContainsFunc(others, func(o Retired) bool { return signing.Name(o.Certificate) == leaf }) {
			return leaf
		}
	}
}

// nameOf is the name that a root's certificate was called after.
func nameOf(root string) string {
	name := strings.TrimSuffix(root, " (root)")
	return name[:min(len(name), maxName)]
}
