package catalog

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// flatList is a list as apt names that of `deb [trusted=yes] file:/srv/NAME ./`.
func flatList(r *root, archive, release string, packages ...string) {
	base := listsDir + "/_srv_" + archive + "_._"
	r.write(base+"Release", release)
	r.write(base+"Packages", strings.Join(packages, "\n"))
}

func dkmsPackage(name, version string) string {
	return "Package: " + name + "\nVersion: " + version + "\nArchitecture: all\nMaintainer: A <a@b.c>\nDepends: dkms\n" +
		"Filename: ./" + name + "_" + version + "_all.deb\nSize: 1\nDescription: test\n"
}

// realApt runs the machine's own apt and dpkg on the root's configuration, as an amd64 machine whatever this one is.
func (r *root) realApt(cmd *exec.Cmd) error {
	if cmd.Args[0] == "dpkg" {
		return r.run(cmd)
	}
	var options []string
	for _, o := range []string{"Dir=" + r.dir, "Dir::State::status=" + r.path(statusFile), "APT::Architecture=amd64", "APT::Architectures=amd64"} {
		options = append(options, "-o", o)
	}
	host := strings.TrimPrefix(cmd.Args[3], "Dir::State::lists=")
	cmd.Args[3] = "Dir::State::lists=" + r.path(host)
	cmd.Args = slices.Insert(cmd.Args, 1, options...)
	return cmd.Run()
}

// Pins, a NotAutomatic archive, an installed version, an empty list and one that no source accounts for, as the real apt
// sees them through the selection of lists that it is given.
func TestRealApt(t *testing.T) {
	if _, err := exec.LookPath("apt-cache"); err != nil {
		t.Skip("needs apt-cache of a Debian machine: ", err)
	}
	r := newRoot(t)
	r.remove(listsDir)
	r.write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/main ./\ndeb [trusted=yes] file:/srv/backports ./\n"+
		"deb [trusted=yes] file:/srv/none ./\n")
	r.write("/etc/apt/preferences.d/held", "Package: held-dkms\nPin: release *\nPin-Priority: -1\n\n"+
		"Package: older-dkms\nPin: release a=stable\nPin-Priority: 1001\n")
	flatList(r, "main", "Suite: stable\nCodename: bookworm\n", dkmsPackage("foo-dkms", "1.0-1"),
		dkmsPackage("held-dkms", "1.0-1"), dkmsPackage("older-dkms", "1.0-1"))
	flatList(r, "backports", "Suite: stable-backports\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n",
		dkmsPackage("foo-dkms", "2.0-1~bpo12+1"), dkmsPackage("bar-dkms", "3.0-1~bpo12+1"), dkmsPackage("older-dkms", "2.0-1"))
	flatList(r, "none", "Suite: none\n")
	flatList(r, "gone", "Suite: gone\n", dkmsPackage("foo-dkms", "9"), dkmsPackage("gone-dkms", "9"))
	r.write(statusFile, "Package: local-dkms\nStatus: install ok installed\nVersion: 0.1\nArchitecture: all\nMaintainer: A <a@b.c>\n"+
		"Description: test\n\nPackage: bar-dkms\nStatus: deinstall ok config-files\nVersion: 2\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: test\n")
	c := r.config()
	c.Run = r.realApt
	ix, err := Update(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	want := "bar-dkms 3.0-1~bpo12+1 ./bar-dkms_3.0-1~bpo12+1_all.deb\n" +
		"foo-dkms 1.0-1 ./foo-dkms_1.0-1_all.deb\n" +
		"held-dkms  ./held-dkms_1.0-1_all.deb\n" +
		"local-dkms 0.1 \n" +
		"older-dkms 1.0-1 ./older-dkms_1.0-1_all.deb\n"
	var got strings.Builder
	for _, m := range ix.Modules {
		for _, p := range m.Packages {
			got.WriteString(p.Name.String() + " " + p.Version.String() + " " + p.Filename + "\n")
		}
	}
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}
