package sources

import (
	"fmt"
	"regexp"
	"strings"

	"mago/catalog"
)

// nameVersion matches hello-1.0, hello_v1.0 and hello-1.0-rc1, but not usb-2-serial.
var nameVersion = regexp.MustCompile(`^(.+?)[-_]v?([0-9][\w.+~]*(?:-[a-z]*[0-9][\w.+~]*)?)$`)

// check refuses a package that apt has no version of.
func check(pkg catalog.Package) error {
	if pkg.Name.IsZero() || pkg.Version.IsZero() {
		return fmt.Errorf("get source package %s: no version of it is known", pkg.Name)
	}
	return nil
}

// moduleName turns a source's name into a module's, in the characters that Debian Policy 5.6.1 allows: "tp_smapi-dkms" becomes
// "tp-smapi".
func moduleName(name string) string {
	return catalog.ModuleName(strings.TrimLeft(strings.Map(packageRune, strings.ToLower(name)), "+.-"))
}

func packageRune(r rune) rune {
	if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("+.-", r) {
		return r
	}
	return '-'
}

// splitVersion splits "hello-1.0" into name and version; without a version the whole is the name.
func splitVersion(base string) (name, version string) {
	if m := nameVersion.FindStringSubmatch(base); m != nil {
		return m[1], m[2]
	}
	return base, ""
}

// upstreamVersion makes a foreign version valid for dpkg: it begins with a digit and has no epoch.
func upstreamVersion(v string) string {
	v = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("+.~-", r) {
			return r
		}
		return '.'
	}, strings.TrimPrefix(v, "v"))
	v = strings.TrimRight(v, "-") // which would begin an empty revision
	if v == "" || v[0] < '0' || '9' < v[0] {
		return "0" + strings.TrimRight("+"+strings.TrimLeft(v, "+.~-"), "+-")
	}
	return v
}

// upstream is a Debian version without epoch and revision, as dkms names the directory of a package's source.
func upstream(v string) string {
	if _, rest, ok := strings.Cut(v, ":"); ok {
		v = rest
	}
	if i := strings.LastIndexByte(v, '-'); i >= 0 {
		v = v[:i]
	}
	return v
}

// quoteVersion writes a version into a file name as apt does.
func quoteVersion(v string) string { return strings.ReplaceAll(v, ":", "%3a") }
