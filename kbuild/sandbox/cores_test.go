package sandbox

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mago/kbuild/jobs"
)

// TestTooManyCores: only what uses more than it has tokens for, and for longer than a moment, is bounded.
func TestTooManyCores(t *testing.T) {
	for name, test := range map[string]struct {
		held  []uint32  // at the seconds
		used  []float64 // processors between them
		bound bool
	}{
		"honest":                   {[]uint32{2, 2, 2, 2}, []float64{2.1, 2.3, 1.9}, false},
		"a moment":                 {[]uint32{1, 1, 1, 1}, []float64{3, 1, 3}, false},
		"tokens just given back":   {[]uint32{4, 1, 1, 1}, []float64{4, 1, 1}, false},
		"many without tokens":      {[]uint32{1, 1, 1, 1}, []float64{2, 2, 2}, true},
		"tokens that came and go":  {[]uint32{4, 1, 4, 1}, []float64{4, 4, 4}, false},
		"many beyond their tokens": {[]uint32{2, 2, 2, 2}, []float64{8, 8, 8}, true},
	} {
		c, now, ticks := &cores{}, time.Unix(100, 0), int64(0)
		for i, held := range test.held {
			c.measure(jobs.Share{Held: held}, ticks, 1, now)
			if i < len(test.used) {
				now = now.Add(time.Second)
				ticks += int64(test.used[i] * hertz)
			}
		}
		if c.bounded != test.bound {
			t.Errorf("%s: bounded: %t", name, c.bounded)
		}
	}
}

// TestUnmeasuredCores runs programs that use all processors and whose time is nobody's, and counts those that they are left.
func TestUnmeasuredCores(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		shares, err := os.Create(filepath.Join(t.TempDir(), "shares"))
		if err != nil {
			t.Fatal(err)
		}
		defer shares.Close()
		if err := binary.Write(shares, binary.NativeEndian, jobs.Share{Held: 1, Cores: 1}); err != nil {
			t.Fatal(err)
		}
		const script = `$SIG{CHLD} = "IGNORE"; my $end = time + 9;
			while (time < $end && ` + "`nproc`" + ` > 1) {
				for (1 .. 4) { if (!fork) { my ($n, $u) = (0, (times)[0]); $n++ while (times)[0] - $u < 0.05; exit } }
				select undef, undef, undef, 0.1;
			}
			print ` + "`nproc`"
		var out bytes.Buffer
		err = r.Run(t.Context(), Spec{Args: []string{"perl", "-e", script}, Shares: shares, Stdout: &out, Stderr: &out}, nil)
		if err != nil || strings.TrimSpace(out.String()) != "1" {
			t.Errorf("%v: %s", err, out.String())
		}
	})
}

// TestTooManyCoresAreTaken runs a program that uses all processors until it sees but one, and has it try to get the others back.
func TestTooManyCoresAreTaken(t *testing.T) {
	everyKind(t, func(t *testing.T, r Sandbox) {
		shares, err := os.Create(filepath.Join(t.TempDir(), "shares"))
		if err != nil {
			t.Fatal(err)
		}
		defer shares.Close()
		if err := binary.Write(shares, binary.NativeEndian, jobs.Share{Cores: 1, First: 1}); err != nil {
			t.Fatal(err)
		}
		const script = "for i in $(seq 4); do while :; do :; done & done\n" +
			"until [ $(nproc) = 1 ]; do :; done\n" +
			"taskset -pc 0-63 $$ >/dev/null 2>&1 && echo taken back\nnproc; kill $(jobs -p)"
		var out bytes.Buffer
		err = r.Run(t.Context(), Spec{Args: []string{"bash", "-c", script}, Shares: shares, Stdout: &out, Stderr: &out}, nil)
		if err != nil || strings.TrimSpace(out.String()) != "1" {
			t.Errorf("%v: %s", err, out.String())
		}
	})
}
