package recipe

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/kbuild/kernel"
)

// A build that asks for the day gets its source's; one that asks for a file's, or another, gets that.
func TestDate(t *testing.T) {
	work, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer work.Close()
	w := &Workspace{files: work, Job: Job{Epoch: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}}
	if err := w.placeUname(""); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"+%F":                         "2024-05-06",
		"-u +%F_%T":                   "2024-05-06_07:08:09",
		"-Iseconds":                   "2024-05-06T07:08:09+00:00",
		"--rfc-3339=date":             "2024-05-06",
		"-d @86400 +%F":               "1970-01-02",
		"-ud @86400 +%F":              "1970-01-02",
		"--date=@86400 +%F":           "1970-01-02",
		"-u -r /proc/self/exe +dated": "dated",
	} {
		cmd := exec.Command(filepath.Join(work.Name(), unameDir, "date"), strings.Fields(args)...)
		cmd.Env = []string{"TZ=UTC", "LC_ALL=C"}
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("date %s says %q, %v, want %q", args, got, err, want)
		}
	}
}

// What make says with one job is not what it says with several.
func TestNeverOneJob(t *testing.T) {
	for jobs, want := range map[int]int{0: 2, 1: 2, 2: 2, 8: 8} {
		w, err := Open(Host{}, Job{Work: t.TempDir(), Jobs: jobs})
		if err != nil {
			t.Fatal(err)
		}
		if w.Job.Jobs != want {
			t.Errorf("%d jobs are %d, want %d", jobs, w.Job.Jobs, want)
		}
		w.Close()
	}
}

func TestUname(t *testing.T) {
	work, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer work.Close()
	w := &Workspace{files: work, Job: Job{Kernel: kernel.Kernel{Release: "6.1.0-own+1~x", Arch: "riscv64"}}}
	if err := w.placeUname(""); err != nil {
		t.Fatal(err)
	}
	ask := func(program, option string) string {
		out, err := exec.Command(program, option).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	placed := filepath.Join(work.Name(), unameDir, "uname")
	for option, want := range map[string]string{"-r": "6.1.0-own+1~x", "-m": "riscv64", "-s": ask("/usr/bin/uname", "-s"), "-sr": "Linux 6.1.0-own+1~x"} {
		if got := ask(placed, option); got != want {
			t.Errorf("uname %s says %q, want %q", option, got, want)
		}
	}
}
