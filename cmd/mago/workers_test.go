package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/store"
)

// crowd is a world with headers of two kernels, and with four modules beside hello: upper needs lower by a package relation, over
// by BUILD_DEPENDS, and broken does not compile.
func crowd(t *testing.T) *world {
	w := newWorld(t.TempDir())
	fakes := filepath.Join(filepath.Dir(w.root), "fakes")
	for name, value := range map[string]string{
		"WORK": filepath.Dir(w.root), "ROOT": w.root, "FAKES": fakes, "PATH": fakes + ":" + os.Getenv("PATH"), "GORACE": "atexit_sleep_ms=0",
	} {
		t.Setenv(name, value)
	}
	err := errors.Join(linkPrograms(fakes), w.furnish(), w.addHeaders(newKernel))
	for _, m := range []struct{ name, conf, code, depends string }{
		{"lower", "", "int lower;\n", "dkms"},
		{"upper", "", "int upper;\n", "dkms, lower-dkms"},
		{"over", "if [ -e /etc/passwd ]; then BUILD_DEPENDS[0]=lower; fi\n", "int over;\n", "dkms"},
		{"broken", "", "#error not today\n", "dkms"},
	} {
		conf := fmt.Sprintf("PACKAGE_NAME=%s\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]=%[1]s\n", m.name)
		err = errors.Join(err, w.addPackage(m.name+"-dkms", "1.0-1", map[string]string{
			"usr/src/" + m.name + "-1.0/dkms.conf":        conf + m.conf,
			"usr/src/" + m.name + "-1.0/" + m.name + ".c": m.code,
			"etc/" + m.name + ".conf":                     "of all kernels\n", // in the package of common files
			"usr/share/doc/" + m.name + "-dkms/copyright": "Copyright 2024 A Person, GPL-2\n",
		}, nil, "Depends: "+m.depends))
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// machine runs a crowd's programs, and sees which run at the same time.
type machine struct {
	t       *testing.T
	changes atomic.Int32 // apt-get and dpkg at work on the system
	makes   atomic.Int32
	second  chan struct{} // closed when a second make has begun; nil where that is not waited for
	once    sync.Once
}

func (m *machine) run(cmd *exec.Cmd) error {
	switch line := strings.Join(cmd.Args, " "); {
	case filepath.Base(cmd.Args[0]) == "dpkg" && slices.Contains(cmd.Args, "-i"),
		filepath.Base(cmd.Args[0]) == "apt-get" && slices.Contains(cmd.Args, "install") && !slices.Contains(cmd.Args, "--simulate") && !slices.Contains(cmd.Args, "--print-uris"):
		if m.changes.Add(1) > 1 {
			m.t.Errorf("beside another one: %s", line)
		}
		defer m.changes.Add(-1)
	case slices.Contains(cmd.Args, "make") && m.second != nil:
		if m.makes.Add(1) > 1 {
			m.once.Do(func() { close(m.second) })
		}
		<-m.second
	}
	return startInWorld(cmd)
}

// outcome is what a run leaves, without what differs from run to run.
type outcome struct {
	code   int
	status []string
	debs   []string
	units  []string
	lines  []string // in no order
}

var figures = regexp.MustCompile(` +[0-9.]+ (s|B|kB|MB)$`)

func runCrowd(t *testing.T, workers int, args ...string) (o outcome) {
	w := crowd(t)
	m := &machine{t: t}
	if workers > 1 {
		m.second = make(chan struct{})
	}
	var out, complaints bytes.Buffer
	args = append([]string{"--root=" + w.root, "-l", runningKernel + "," + newKernel, "-j", strconv.Itoa(workers)}, args...)
	o.code = runOn(context.Background(), engine.Machine{AsRoot: true, Run: m.run}, args, &out, &complaints)
	s := store.Open(filepath.Join(w.root, "var/cache/mago"))
	records, err := s.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		f, failed := s.Failure(r.ID())
		if r.Common == nil {
			r.Common = &store.Package{}
		}
		o.units = append(o.units, fmt.Sprint(r.Module, r.Kernel, r.Result, r.Version, r.SHA256, r.Current, r.Common.SHA256, r.Needed, r.Modules, failed, f.Error))
	}
	status, err := os.ReadFile(filepath.Join(w.root, "var/lib/dpkg/status"))
	if err != nil {
		t.Fatal(err)
	}
	o.status = strings.SplitAfter(string(status), "\n\n")
	o.debs, err = s.Packages("*")
	if err != nil {
		t.Fatal(err)
	}
	for i := range o.debs {
		o.debs[i] = filepath.Base(o.debs[i])
	}
	for line := range strings.Lines(out.String() + complaints.String()) {
		o.lines = append(o.lines, strings.ReplaceAll(figures.ReplaceAllString(strings.TrimSuffix(line, "\n"), ""), filepath.Dir(w.root), "/work"))
	}
	for _, list := range [][]string{o.status, o.units, o.lines} {
		slices.Sort(list)
	}
	return o
}

// TestWorkersDoAsOne: four workers leave what one leaves.
func TestWorkersDoAsOne(t *testing.T) {
	args := []string{"a-i", "upper", "broken", "over", "hello"}
	one, four := runCrowd(t, 1, args...), runCrowd(t, 4, args...)
	if one.code != exitBuild || len(one.units) != 10 {
		t.Errorf("exit code %d, units %q", one.code, one.units)
	}
	if one.code != four.code {
		t.Errorf("exit code %d, of one worker %d", four.code, one.code)
	}
	for _, c := range []struct {
		what      string
		one, four []string
	}{{"status", one.status, four.status}, {"packages", one.debs, four.debs}, {"records", one.units, four.units}, {"lines", one.lines, four.lines}} {
		if !slices.Equal(c.one, c.four) {
			t.Errorf("%s:\n%s\nof one worker:\n%s", c.what, strings.Join(c.four, "\n"), strings.Join(c.one, "\n"))
		}
	}
}
