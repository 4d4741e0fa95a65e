package sandbox

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// BenchmarkGroup runs a program by turns with a control group and without, and tells the median of the differences:
// go test -run ^$ -bench Group -benchtime 200x mago/kbuild/sandbox
func BenchmarkGroup(b *testing.B) {
	r := Sandbox{Kind: User, Landlock: landlockVersion(), UserName: "tester"}
	if os.Geteuid() == 0 {
		r.UID, r.GID, r.Drop = nobody, nobody, true
	}
	var more []time.Duration
	for b.Loop() {
		without := timeWarden(b, r, "")
		more = append(more, timeWarden(b, r, r.groupBy())-without)
	}
	slices.Sort(more)
	b.ReportMetric(float64(more[len(more)/2].Microseconds())/1000, "ms/group")
}

func timeWarden(b *testing.B, r Sandbox, group string) time.Duration {
	o, err := r.order(Spec{Args: []string{"true"}})
	if err != nil {
		b.Fatal(err)
	}
	o.Group, o.Held = group, Held{End: group != ""}
	cmd := exec.Command(self)
	if cmd.Args, err = o.command(wardenName); err != nil {
		b.Fatal(err)
	}
	told, err := os.CreateTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	defer told.Close()
	cmd.Env, cmd.ExtraFiles = r.environment(Spec{}), []*os.File{told}
	begun := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return time.Since(begun)
}
