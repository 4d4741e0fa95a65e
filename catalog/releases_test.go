package catalog

import "testing"

// The Unauthenticated packages are those of archives whose signature apt has not checked.
func TestSignedLists(t *testing.T) {
	r := newRoot(t)
	r.remove(listsDir)
	flatList(r, "main", "Suite: stable\n", dkmsPackage("both-dkms", "1"), dkmsPackage("main-dkms", "1"))
	r.write(listsDir+"/_srv_main_._InRelease", "")
	flatList(r, "detached", "Suite: stable\n", dkmsPackage("detached-dkms", "1"))
	r.write(listsDir+"/_srv_detached_._Release.gpg", "")
	flatList(r, "bare", "Suite: stable\n", dkmsPackage("both-dkms", "1"), dkmsPackage("bare-dkms", "1"))
	r.write(listsDir+"/_srv_none_._Packages", dkmsPackage("none-dkms", "1"))
	// An archive whose address begins as a signed one's does.
	r.write(listsDir+"/_srv_main_._more_._Release", "")
	r.write(listsDir+"/_srv_main_._more_._Packages", dkmsPackage("more-dkms", "1"))
	// Archives without any Release, below signed ones.
	r.write(listsDir+"/_srv_top_InRelease", "")
	r.write(listsDir+"/_srv_top_Packages", dkmsPackage("top-dkms", "1"))
	r.write(listsDir+"/_srv_top_extra_._Packages", dkmsPackage("extra-dkms", "1"))
	r.write(listsDir+"/_srv_top_deb_dists_sid_main_binary-amd64_Packages", dkmsPackage("suite-dkms", "1"))
	r.write(listsDir+"/_srv_deb_dists_sid_InRelease", "")
	r.write(listsDir+"/_srv_deb_dists_sid_updates_main_binary-amd64_Packages", dkmsPackage("component-dkms", "1"))
	r.write(listsDir+"/_srv_deb_dists_sid_below_._Packages", dkmsPackage("below-dkms", "1"))
	r.write(statusFile, "Package: local-dkms\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: test\n")
	ix, err := Update(t.Context(), r.config())
	if err != nil {
		t.Fatal(err)
	}
	for name, unauthenticated := range map[string]bool{
		"both-dkms": false, "main-dkms": false, "detached-dkms": false, "bare-dkms": true, "none-dkms": true, "more-dkms": true, "local-dkms": false,
		"top-dkms": false, "extra-dkms": true, "suite-dkms": true, "component-dkms": false, "below-dkms": true,
	} {
		p := ix.pkg(name)
		if p == nil {
			t.Fatalf("%s is missing", name)
		}
		if p.Unauthenticated != unauthenticated {
			t.Errorf("%s: Unauthenticated is %v", name, p.Unauthenticated)
		}
	}
}

// A signature that goes, or comes, makes the index stale.
func TestSignatureCounts(t *testing.T) {
	r := newRoot(t)
	flatList(r, "main", "Suite: stable\n", dkmsPackage("main-dkms", "1"))
	r.write(listsDir+"/_srv_main_._Release.gpg", "")
	ix, err := Update(t.Context(), r.config())
	if err != nil {
		t.Fatal(err)
	}
	if ix.Stale(r.config()) {
		t.Fatal("stale at once")
	}
	r.remove(listsDir + "/_srv_main_._Release.gpg")
	if !ix.Stale(r.config()) {
		t.Error("not stale without the signature")
	}
}
