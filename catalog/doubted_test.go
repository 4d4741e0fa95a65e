package catalog

import "testing"

// TestDoubted: a version counts as checked where a signed list is the first that has it, and not where contents of the same name are
// in an unsigned one.
func TestDoubted(t *testing.T) {
	versions := versionsIn([]byte(`Package: linux-headers-6.1.0-56-amd64
Versions: 
6.1.192-2 (/var/lib/apt/lists/deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4) (/var/lib/apt/lists/_srv_._Packages) (/var/lib/dpkg/status)
 Description Language: en
                 File: /var/lib/apt/lists/deb.example.org_debian_dists_bookworm_main_i18n_Translation-en
                  MD5: 0123456789abcdef0123456789abcdef

6.1.192-1 (/var/lib/apt/lists/_srv_._Packages)
6.1.191-1 (/var/lib/apt/lists/deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4)
6.1.191-1 (/var/lib/apt/lists/_srv_._Packages)
6.1.190-1 (/var/lib/dpkg/status)
6.1.189-1 (/var/lib/apt/lists/_srv_._Packages) (/var/lib/apt/lists/deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4)

Reverse Depends: 
  linux-headers-amd64,linux-headers-6.1.0-56-amd64 (= 6.1.192-2)
Dependencies: 
6.1.192-2 - linux-kbuild-6.1 (0 (null)) 
Package: other
Versions: 

Reverse Depends: 
`))["linux-headers-6.1.0-56-amd64"]
	unsigned := map[string]bool{"_srv_._Packages": true}
	for version, want := range map[string]bool{"6.1.192-2": false, "6.1.192-1": true, "6.1.191-1": true, "6.1.190-1": false, "6.1.189-1": true, "1": false} {
		if got := isDoubted(versions[version], unsigned); got != want {
			t.Errorf("%s: got %v", version, got)
		}
	}
	if len(versions) != 5 {
		t.Errorf("got %q", versions)
	}
}
