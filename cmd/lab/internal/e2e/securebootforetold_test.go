//go:build e2e

package e2e

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/cmd/lab/internal/vm"
	"mago/kbuild/firmware"
)

// trust is what mago makes of the machine's variables and keys, which the machine has printed.
func (m *secured) trust(t *testing.T, printed string) firmware.Trust {
	t.Helper()
	trust := told(t, printed).Trust(m.kernel.config)
	if trust.SecureBoot != firmware.SecureBootOn || trust.Wanted == "" {
		t.Errorf("Secure Boot is said to be %s, signatures to be wanted because %q", trust.SecureBoot, trust.Wanted)
	}
	return trust
}

// booted boots a machine, and gives what it says, and after that of its files; see told.
func booted(t *testing.T, pc vm.PC) (said output, files string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	console, err := pc.Boot(ctx, 1024)
	printed, files, _ := strings.Cut(strings.ReplaceAll(string(console), "\r", ""), "mago: told\n")
	t.Logf("%s", printed)
	if err != nil {
		t.Fatal(err)
	}
	return output(printed), files
}

// told is a machine that has printed its files, as a tar archive in base64.
func told(t *testing.T, printed string) firmware.Machine {
	t.Helper()
	text, _, _ := strings.Cut(printed, "mago: end\n")
	root := t.TempDir()
	if err := untar(root, base64.NewDecoder(base64.StdEncoding, strings.NewReader(text))); err != nil {
		t.Fatal(err)
	}
	return firmware.Machine{Root: root}
}

func untar(dir string, compressed io.Reader) error {
	plain, err := gzip.NewReader(compressed)
	if err != nil {
		return err
	}
	for r := tar.NewReader(plain); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(r)
		name := filepath.Join(dir, h.Name)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o644)); err != nil {
			return err
		}
	}
}

// foretold expects mago to know what the kernel does with a module, from its certificates alone.
func (a attempt) foretold(t *testing.T, trust firmware.Trust) {
	t.Helper()
	if a.chain == nil {
		return
	}
	standing, want := trust.Of(a.chain...), firmware.No
	if a.says == greeting {
		want = firmware.Yes
	}
	if standing.Now.Loads != want || standing.Next.Loads != want {
		t.Errorf("%s: loads: want %s, now and after the next boot; got %+v", a.name, want, standing)
	}
}
