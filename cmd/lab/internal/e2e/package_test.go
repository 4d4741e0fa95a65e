//go:build e2e

package e2e

import (
	"debug/elf"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// packages: dpkg knows them, and finds every file as it was packed.
func (s *story) packages(t *testing.T) {
	for _, module := range modules {
		name := s.packageName(module)
		s.run(t, "dpkg", "-l", name).matches(t, `(?m)^ii +`+name+` `)
		if out := s.run(t, "dpkg", "--verify", name); out != "" {
			t.Errorf("dpkg --verify: %s", out)
		}
	}
}

// lintian is Debian's own judge of packages.
func (s *story) lintian(t *testing.T) {
	args := []string{"--allow-root", "--fail-on", "error"}
	for _, deb := range s.debs {
		args = append(args, s.Path(deb))
	}
	run(t, exec.CommandContext(t.Context(), "lintian", args...))
}

// modules: each file is made like the kernel's own.
func (s *story) modules(t *testing.T) {
	own := s.modinfo(t, "filename", "loop")
	for _, module := range modules {
		file := s.modinfo(t, "filename", module)
		if !strings.HasPrefix(file, s.libModules()+"/updates/mago/") {
			t.Errorf("%s is in %s", module, file)
		}
		if path.Ext(file) != path.Ext(own) {
			t.Errorf("%s and the kernel's %s are compressed differently", file, own)
		}
		if got, want := s.modinfo(t, "vermagic", module), s.modinfo(t, "vermagic", "loop"); got != want {
			t.Errorf("vermagic of %s is %q, the kernel's is %q", module, got, want)
		}
		s.isStripped(t, file)
	}
}

func (s *story) modinfo(t *testing.T, field, module string) string {
	t.Helper()
	value := strings.TrimSpace(string(s.run(t, "modinfo", "-k", s.kernel, "-F", field, module)))
	if value == "" {
		t.Fatalf("%s has no %s", module, field)
	}
	return value
}

func (s *story) isStripped(t *testing.T, module string) {
	file, err := elf.Open(s.Path(module))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, section := range file.Sections {
		if strings.HasPrefix(section.Name, ".debug") {
			t.Errorf("%s has a section %s", module, section.Name)
		}
	}
}
