package apt

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mago/cmd/lab/oracle"
	"mago/debpkg/rooted"
)

// FuzzStatusAgreesWithDpkgQuery: of a status file and a journal that dpkg reads, the same packages are
// installed in the same versions, and the same ones broken.
func FuzzStatusAgreesWithDpkgQuery(f *testing.F) {
	needs(f, "dpkg-query")
	f.Add(statusFile, "")
	const one = "Package: ab\nStatus: install ok installed\nMaintainer: x\nArchitecture: amd64\nVersion: 1.0-1\nDescription: d\n"
	f.Add(one, "")
	f.Add(one+"\n"+strings.ReplaceAll(one, "ab", "cd")+"\n\n"+strings.ReplaceAll(one, "install ok installed", "deinstall ok config-files"), "")
	f.Add(strings.ReplaceAll(one, "install ok", "hold reinstreq"), "")
	f.Add(strings.ReplaceAll(one, "Status", "STATUS"), "")
	f.Add(strings.ReplaceAll(one, "install ok installed", "Install  OK\tInstalled"), "")
	f.Add(strings.ReplaceAll(one, ": ab", ": aB"), "")
	f.Add(strings.ReplaceAll(one, "1.0-1", "1.0\x00-1"), "")
	f.Add(strings.ReplaceAll(one, "ok installed", "ok half-configured"), "")
	f.Add(strings.ReplaceAll(one, "install ok installed", "installokhalf-configured"), "")
	f.Add(one+"\n"+strings.ReplaceAll(one, "Status", "Stat"), "")
	for _, text := range []string{"Package\r", "Status\v"} {
		f.Add(strings.Replace(one, text[:len(text)-1], text, 1), "")
	}
	f.Add(strings.ReplaceAll(one, "install ok", "install\n \n ok"), "")
	f.Add(strings.ReplaceAll(one, "\nMaintainer", "\n \nMaintainer"), "")
	f.Add(strings.ReplaceAll(one, "1.0-1", "0:1.0-1"), "")
	half := strings.ReplaceAll(one, "install ok installed", "install reinstreq half-installed")
	f.Add(one, half)
	f.Add(half, one)
	f.Add(one, strings.ReplaceAll(half, "ab", "cd"))
	f.Add(one, strings.ReplaceAll(half, "amd64", "i386"))
	same := strings.ReplaceAll(one, "Description", "Multi-Arch: same\nDescription")
	f.Add(same, strings.ReplaceAll(same, "amd64", "i386"))
	f.Add(same, strings.ReplaceAll(one, "amd64", "i386"))
	f.Add(same, strings.ReplaceAll(strings.ReplaceAll(same, "same", "SAME"), "amd64", "i386"))
	noEpoch := regexp.MustCompile(`^0+:`) // which dpkg leaves out where it writes
	f.Fuzz(func(t *testing.T, text, change string) {
		if strings.Contains(strings.ToLower(text+change), "revision") {
			t.Skip("a field that dpkg reads as the end of the version, and does not write")
		}
		root := testRoot(t, text)
		writeFile(t, filepath.Join(root, "var/lib/dpkg/updates/0000"), change)
		writeFile(t, filepath.Join(root, "var/lib/dpkg/updates/tmp.i"), one)
		cmd := exec.Command("dpkg-query", "--admindir="+filepath.Join(root, "var/lib/dpkg"), "--show", "--showformat=${db:Status-Eflag} ${db:Status-Status} ${Package} ${Version}\n")
		var out bytes.Buffer
		cmd.Stdout = &out
		if oracle.Run(t, cmd) != nil {
			return // dpkg reads nothing of such a file, and neither installs nor removes anything
		}
		s, err := ReadStatus(rooted.Root(root))
		if err != nil {
			if !strings.Contains(err.Error(), "a NUL or ^Z") {
				t.Errorf("dpkg-query reads it, and here: %v", err)
			}
			return
		}
		var got, want []string
		for p := range s.All() {
			got = append(got, p.Package+" "+noEpoch.ReplaceAllString(p.Version, ""))
		}
		for _, name := range s.Broken() {
			got = append(got, "broken "+name)
		}
		for _, name := range s.Unfinished() {
			got = append(got, "unfinished "+name)
		}
		for line := range strings.Lines(out.String()) {
			words := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
			switch {
			case words[0] == "reinstreq":
				want = append(want, "broken "+words[2])
			case words[1] == "installed":
				want = append(want, words[2]+" "+words[3])
			case words[1] != "not-installed" && words[1] != "config-files":
				want = append(want, "unfinished "+words[2])
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("installed are %q, by dpkg-query %q", got, want)
		}
	})
}
