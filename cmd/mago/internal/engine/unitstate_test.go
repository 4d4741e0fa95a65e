package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// manyUnits is a system with records of modules for kernels that are gone.
func manyUnits(t testing.TB, modules, kernels int) *Engine {
	t.Helper()
	root := t.TempDir()
	write := func(path, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(root, "var/lib/dpkg/status"), "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n")
	for m := range modules {
		for k := range kernels {
			module, release := fmt.Sprintf("module%d", m), fmt.Sprintf("6.1.0-%d-amd64", k)
			write(filepath.Join(root, "cache/builds", module, release, "record.json"), fmt.Sprintf(
				`{"format":1,"module":%q,"kernel":%q,"result":"built","version":"1","installed_sha256":"ab","source":{"package":"a-dkms","version":"1"}}`, module, release))
		}
	}
	return newEngine(&base{host: &host{}, known: new(known), Options: Options{Root: root}, Paths: Paths{Cache: filepath.Join(root, "cache")}})
}

// readCalls counts this process's calls of read(2) and the like: proc_pid_io(5).
func readCalls(t *testing.T) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(string(text), "rchar: %d\nwchar: %d\nsyscr: %d", new(int), new(int), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestStatesReadOnce: the states of all units need each record once (two calls, of which one finds its end), and look each
// kernel up once.
func TestStatesReadOnce(t *testing.T) {
	const modules, kernels = 20, 50
	e := manyUnits(t, modules, kernels)
	before := readCalls(t)
	records, err := e.store.All()
	if err != nil {
		t.Fatal(err)
	}
	states, err := e.states.states(records)
	reads := readCalls(t) - before
	if err != nil || len(states) != modules*kernels {
		t.Fatalf("%d states, %v", len(states), err)
	}
	if reads > modules*kernels*5/2 {
		t.Errorf("%d units: %d calls of read(2)", modules*kernels, reads)
	}
	if found := len(e.known.kernels.value()); found > kernels+2 {
		t.Errorf("%d kernels: %d are kept", kernels, found)
	}
}

// TestListedAlone: a module that is named costs what its own records cost, whatever else is there.
func TestListedAlone(t *testing.T) {
	const modules, kernels = 20, 50
	e := manyUnits(t, modules, kernels)
	before := readCalls(t)
	rows, err := e.named(t.Context(), []target{{name: "module7"}})
	reads := readCalls(t) - before
	if err != nil || len(rows) != 1 || len(rows[0].Units) != kernels {
		t.Fatalf("%+v, %v", rows, err)
	}
	if reads > kernels*3 {
		t.Errorf("%d records of %d: %d calls of read(2)", kernels, modules*kernels, reads)
	}
}

// BenchmarkStates takes what list, show and status say of 5,000 units.
func BenchmarkStates(b *testing.B) {
	e := manyUnits(b, 50, 100)
	for b.Loop() {
		e := newEngine(&base{host: e.host, known: new(known), Options: e.Options, Paths: e.Paths})
		records, err := e.store.All()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.states.states(records); err != nil {
			b.Fatal(err)
		}
	}
}
