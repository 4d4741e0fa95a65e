package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mago/debpkg"
	"mago/debpkg/codec"
)

// some are contents of a package whose program is the running test.
func some(t *testing.T) contents {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return contents{Arch: runtime.GOARCH, Date: time.Unix(1e9, 0).UTC(), Program: program, OfTokens: program, Manual: []byte(".TH MAGO 8\n"), Completion: []byte("complete\n"),
		Changelog: someChangelog, Copyright: []byte("Format: x\n"), Version: []byte("mago 2.0+git1\n")}
}

// opened reads a package: its control file, and its files by their names, with the modes that matter in front of the contents.
func opened(t *testing.T, deb string) (field func(string) string, files map[string]string) {
	t.Helper()
	r, err := debpkg.Open(deb)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	files = map[string]string{}
	for archive := tar.NewReader(data); ; {
		h, err := archive.Next()
		if err == io.EOF {
			control := r.Control()
			return control.Get, files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			files[strings.TrimPrefix(h.Name, ".")] = h.FileInfo().Mode().String() + " " + string(text)
		}
	}
}

func TestCompose(t *testing.T) {
	p, err := some(t).compose()
	if err != nil {
		t.Fatal(err)
	}
	deb, err := debpkg.Write(t.TempDir(), p, debpkg.Options{Compression: codec.None})
	if err != nil {
		t.Fatal(err)
	}
	if want := "mago_2.0+git1_" + runtime.GOARCH + ".deb"; filepath.Base(deb) != want {
		t.Errorf("%s, want %s", deb, want)
	}
	field, files := opened(t, deb)
	for name, want := range map[string]string{"Package": "mago", "Version": "2.0+git1", "Architecture": runtime.GOARCH, "Depends": "apt, dpkg (>= 1.21.18), libc6, passwd"} {
		if got := field(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, begin := range map[string]string{
		"/usr/bin/mago":                               "-rwxr-xr-x \x7fELF",
		"/usr/libexec/mago/mago-pkcs11":               "-rwxr-xr-x \x7fELF",
		"/usr/share/bash-completion/completions/mago": "-rw-r--r-- complete\n",
		"/usr/lib/sysusers.d/mago.conf":               "-rw-r--r-- # ",
		"/usr/share/doc/mago/copyright":               "-rw-r--r-- Format: ",
		"/usr/share/lintian/overrides/mago":           "-rw-r--r-- # ",
		"/usr/share/man/man8/mago.8.gz":               "-rw-r--r-- \x1f\x8b\x08\x00\x00\x00\x00\x00\x02",
		"/usr/share/doc/mago/changelog.gz":            "-rw-r--r-- \x1f\x8b\x08\x00\x00\x00\x00\x00\x02",
	} {
		if !strings.HasPrefix(files[name], begin) {
			t.Errorf("%s begins with %.30q", name, files[name])
		}
		delete(files, name)
	}
	for name := range files {
		t.Errorf("the package has %s", name)
	}
}

func TestCompressed(t *testing.T) {
	r, err := gzip.NewReader(bytes.NewReader(compressed([]byte("text\n"))))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != "text\n" || r.Name != "" || !r.ModTime.IsZero() {
		t.Errorf("%q of %q, %v, %v", text, r.Name, r.ModTime, err)
	}
}

// A program of another architecture, or a version that the changelog does not have, makes no package.
func TestComposeRefuses(t *testing.T) {
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	for name, change := range map[string]func(*contents){
		"architecture": func(c *contents) { c.Arch = other },
		"no program":   func(c *contents) { c.Program = "changelog.go" },
		"no other one": func(c *contents) { c.OfTokens = "changelog.go" },
		"version":      func(c *contents) { c.Version = []byte("mago 3.0\n") },
	} {
		c := some(t)
		change(&c)
		if _, err := c.compose(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRequestRefuses(t *testing.T) {
	for name, r := range map[string]request{
		"architecture": {Arch: "vax", Epoch: "1"},
		"date":         {Arch: runtime.GOARCH, Epoch: "yesterday"},
		"no date":      {Arch: runtime.GOARCH, Source: t.TempDir()},
	} {
		r.Dest = t.TempDir()
		if deb, err := r.write(t.Context()); err == nil {
			t.Errorf("%s: no error, but %s", name, deb)
		}
	}
}

// What is missing is told at once, with what installs it.
func TestLacks(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	const want = `missing: xz; run "sudo apt-get install xz-utils"`
	if _, err := (request{Arch: runtime.GOARCH}).write(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// The package itself, for the machine's architecture and cross-compiled: what it was linked of is accounted for, lintian has
// nothing to say, and it is the same bytes again.
func TestPackages(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles mago for each architecture")
	}
	for arch, machine := range machines {
		t.Run(arch, func(t *testing.T) {
			deb := write(t, arch)
			field, files := opened(t, deb)
			if field("Architecture") != arch || !strings.HasSuffix(deb, "_"+arch+".deb") {
				t.Errorf("%s is for %s", deb, field("Architecture"))
			}
			program, err := elf.NewFile(strings.NewReader(strings.TrimPrefix(files["/usr/bin/mago"], "-rwxr-xr-x ")))
			if err != nil || program.Machine != machine || program.Section(".symtab") != nil || program.Section(".interp") != nil {
				t.Errorf("the program is %v, %v", program, err)
			}
			helper, err := elf.NewFile(strings.NewReader(strings.TrimPrefix(files["/usr/libexec/mago/mago-pkcs11"], "-rwxr-xr-x ")))
			if err != nil || helper.Machine != machine || helper.Section(".symtab") != nil || helper.Section(".interp") == nil || helper.Type != elf.ET_DYN {
				t.Errorf("the program of tokens is %v, %v", helper, err)
			}
			for _, name := range []string{"github.com/ebitengine/purego@v", "Go@1.", "github.com/alecthomas/kong@v", "github.com/xi2/xz@v", "pault.ag/go/debian@v", "golang.org/x/sys@v"} {
				if !strings.Contains(files["/usr/share/doc/mago/copyright"], "\nFiles: "+name) {
					t.Errorf("no licence of %s", name)
				}
			}
			if arch != runtime.GOARCH {
				return
			}
			if file(t, deb) != file(t, write(t, arch)) {
				t.Error("other bytes the second time")
			}
			if out, err := exec.CommandContext(t.Context(), "lintian", "--allow-root", "--fail-on=error,warning", "--tag-display-limit=0", deb).CombinedOutput(); err != nil {
				t.Errorf("lintian: %v\n%s", err, out)
			}
		})
	}
}

func write(t *testing.T, arch string) string {
	t.Helper()
	commit, _ := committed(t.Context(), "../..") // which there need not be
	deb, err := request{Arch: arch, Source: "../..", Dest: t.TempDir(), Epoch: "1900000000", Commit: commit}.write(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return deb
}
