package catalog

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/word"
)

// unfit are words that mean something to apt, dpkg or a shell.
var unfit = []string{
	"-oDir::Bin::dpkg=/bin/sh", "--simulate", "x[z-a]-dkms", "$({touch,x})-dkms", "../x-dkms", "dpkg-", "?name(x)", "~nx-dkms", "x*-dkms", "/etc/x-dkms", "x;id-dkms", "X-dkms", "x",
}

func TestUnfitWordsAreLeftOut(t *testing.T) {
	r := newRoot(t)
	r.remove(listsDir)
	var text strings.Builder
	fmt.Fprint(&text, dkmsPackage("good-dkms", "1.0"), "\n")
	for _, name := range unfit {
		fmt.Fprint(&text, dkmsPackage(name, "1.0"), "\n")
	}
	fmt.Fprint(&text, dkmsPackage("bad-dkms", "-1"), "\n", dkmsPackage("worse-dkms", "1=2"), "\n", strings.Replace(dkmsPackage("odd-dkms", "1"), "all", "../all", 1), "\n",
		dkmsPackage("odder-dkms", "1")+"Source: ../x\n\n", dkmsPackage("better-dkms", "2.0"))
	r.write(listsDir+"/x_Packages", text.String())
	r.write(statusFile, dkmsPackage("-x-dkms", "1")+"Status: install ok installed\n")
	ix := mustUpdate(t, r)
	if len(ix.Modules) != 2 || ix.pkg("good-dkms") == nil || ix.pkg("better-dkms") == nil {
		t.Errorf("got %+v", ix.Modules)
	}
	var told []string
	for _, l := range ix.LeftOut {
		told = append(told, l.String())
	}
	want := []string{
		`left out of /var/lib/apt/lists/x_Packages, line 10: package name "-oDir::Bin::dpkg=/bin/sh": not two or more of a-z, 0-9, +, -, . that begin with a letter or digit, and 16 more`,
		`left out of /var/lib/dpkg/status, line 1: package name "-x-dkms": not two or more of a-z, 0-9, +, -, . that begin with a letter or digit`,
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}
	asked := r.ran[len(r.ran)-1]
	if names := asked[slices.Index(asked, "--")+1:]; !slices.Equal(names, []string{"better-dkms", "good-dkms"}) {
		t.Errorf("asked apt for %q", names)
	}
	opened, err := Open(r.config())
	if err != nil || !slices.Equal(opened.LeftOut, ix.LeftOut) {
		t.Errorf("Open tells of %v, %v", opened.LeftOut, err)
	}
}

// A name that nobody offers any more is not a pattern for apt, and so many names as a list may have are no trouble.
func TestNamesAreNoPatterns(t *testing.T) {
	if _, err := exec.LookPath("apt-cache"); err != nil {
		t.Skip("needs apt-cache of a Debian machine: ", err)
	}
	r := newRoot(t)
	r.remove(listsDir)
	r.write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/main ./\n")
	flatList(r, "main", "Suite: stable\n", dkmsPackage("foo-dkms", "1.0-1"))
	lost := []string{dkmsPackage("f.o-dkms", "1"), dkmsPackage("..-dkms", "1"), dkmsPackage("foo-dkms+", "1")}
	for i := range 50 {
		lost = append(lost, dkmsPackage(fmt.Sprintf("%0123d-dkms", i), "1"))
	}
	flatList(r, "gone", "Suite: stable\n", lost...)
	c := r.config()
	c.Run = r.realApt
	ix, err := Update(t.Context(), c)
	if err != nil || len(ix.Modules) != 1 || ix.Modules[0].Name != "foo" {
		t.Errorf("got %d modules, %v", len(ix.Modules), err)
	}
}

func TestAptIsAskedInParts(t *testing.T) {
	var names []word.Package
	for i := range 2*maxAsked + 1 {
		names = append(names, word.Must(word.ParsePackage(fmt.Sprintf("p%d", i))))
	}
	calls := 0
	c := Config{Run: func(cmd *exec.Cmd) error {
		calls++
		for _, name := range cmd.Args[slices.Index(cmd.Args, "--")+1:] {
			fmt.Fprintf(cmd.Stdout, "%s:\n  Candidate: 1\n", name)
		}
		return nil
	}}
	got, err := c.candidates(context.Background(), "/lists", names)
	if err != nil || calls != 3 || len(got) != len(names) {
		t.Errorf("%d calls, %d candidates, %v", calls, len(got), err)
	}
}

// A list that cannot be read is an error, but for one that apt does not look at any more.
func TestUnaccountedListsDoNoHarm(t *testing.T) {
	r := newRoot(t)
	r.write(listsDir+"/gone_Packages", "Package: x-dkms\nno colon\n\n")
	if _, err := Update(t.Context(), r.config()); err == nil || !strings.Contains(err.Error(), "gone_Packages: line") {
		t.Errorf("where apt cannot tell: %v", err)
	}
	c := r.config()
	accounted := listsDir + "/gone_Packages.lz4\n"
	c.Run = func(cmd *exec.Cmd) error {
		if cmd.Args[0] == "apt-get" {
			fmt.Fprint(cmd.Stdout, accounted)
			return nil
		}
		return r.run(cmd)
	}
	if _, err := Update(t.Context(), c); err == nil || !strings.Contains(err.Error(), "gone_Packages: line") {
		t.Errorf("accounted for: %v", err)
	}
	accounted = listsDir + "/other_Packages\n"
	ix, err := Update(t.Context(), c)
	if err != nil || len(ix.Modules) != 43 || len(ix.LeftOut) != 1 || !strings.Contains(ix.LeftOut[0].String(), "left out of /var/lib/apt/lists/gone_Packages") {
		t.Errorf("got %v", err)
	}
}
