package debpkg

import "pault.ag/go/debian/version"

// CompareVersions orders versions as dpkg does (Policy 5.6.12); what is not a version comes first.
func CompareVersions(a, b string) int {
	va, _ := version.Parse(a)
	vb, _ := version.Parse(b)
	return version.Compare(va, vb)
}
