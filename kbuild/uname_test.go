package kbuild

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A build that asks for the day gets its source's; one that asks for a file's, or another, gets that.
func TestDate(t *testing.T) {
	work, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer work.Close()
	s := &steps{work: work, job: Job{Epoch: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)}}
	if err := s.placeUname(""); err != nil {
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
		s, err := (&Builder{}).open(t.Context(), Job{Work: t.TempDir(), Jobs: jobs})
		if err != nil {
			t.Fatal(err)
		}
		if s.job.Jobs != want {
			t.Errorf("%d jobs are %d, want %d", jobs, s.job.Jobs, want)
		}
		s.work.Close()
	}
}
