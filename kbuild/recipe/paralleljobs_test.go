package recipe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/kbuild/kernel"
)

// TestParallelJobs: the number of compilers counts for the evaluation of a dkms.conf that may read it, and for a unit where it is
// not only make's -j. A bound counts as that number does, and where nproc is.
func TestParallelJobs(t *testing.T) {
	for text, test := range map[string]struct{ evaluated, shapes bool }{
		"MAKE='make all'\n":                                              {false, false},
		"MAKE=\"make -j$parallel_jobs\"\n":                               {true, false},
		"MAKE=\"'make' --jobs=${parallel_jobs} all\"\n":                  {true, false},
		"MAKE=\"make all -j \\$parallel_jobs\"\n":                        {true, false},
		"PRE_BUILD=\"configure $parallel_jobs\"\n":                       {true, true},
		"[ $parallel_jobs -gt 4 ] && MAKE=\"make -j${parallel_jobs}\"\n": {true, true},
		". ./other.conf\n":                                               {true, false},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, confFile), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		job := Job{Source: Source{Dir: dir}, Kernel: kernel.Kernel{Release: "6.1.0-56-amd64"}, Epoch: time.Unix(1, 0), Jobs: 2}
		two, err := Key("/", job)
		if err != nil {
			t.Fatal(err)
		}
		job.Jobs = 8
		eight, err := Key("/", job)
		if (two != eight) != test.evaluated || err != nil {
			t.Errorf("%q: evaluated anew for another number: %t, %v", text, two != eight, err)
		}
		job.AtMost = 2
		if bound, err := Key("/", job); (bound == two) != !strings.HasPrefix(text, ".") || err != nil {
			t.Errorf("%q: eight, at most two, count as two: %t, %v", text, bound == two, err)
		}
		if got := JobsShape(job.Source); got != test.shapes {
			t.Errorf("%q: it shapes the unit: %t", text, got)
		}
	}
}
