package kbuild

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"mago/kbuild/recipe"
)

// configured reads the kernel's whole configuration, as Debian's zfs does, and names ten modules.
var configured = tree{"dkms.conf": `PACKAGE_NAME=configured
PACKAGE_VERSION=1.0
. "$kernel_source_dir/.config"
for module_of in a b c d e f g h i j; do
  BUILT_MODULE_NAME+=("$module_of")
  DEST_MODULE_LOCATION+=(/updates)
done
MAKE="make KERNEL=$kernel_source_dir $(echo "$CONFIG_MODVERSIONS" | tr y Y)"
`}

// BenchmarkEvaluate reads a dkms.conf by turns in the sandbox and by bash alone, and tells the medians:
// go test -run ^$ -bench Evaluate -benchtime 25x mago/kbuild
func BenchmarkEvaluate(b *testing.B) {
	bench := newBench(b)
	job := bench.job(b, configured.write(b, b.TempDir()))
	var sandboxed, alone []time.Duration
	for b.Loop() {
		begun := time.Now()
		if _, err := recipe.Evaluate(b.Context(), bench.builder().Host, job); err != nil {
			b.Fatal(err)
		}
		sandboxed = append(sandboxed, time.Since(begun))
		cmd := exec.Command("chroot", bench.root, "env", "kernel_source_dir="+bench.kernel.Headers, "bash", "-c", configured["dkms.conf"])
		begun = time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		alone = append(alone, time.Since(begun))
	}
	b.ReportMetric(median(sandboxed), "ms/evaluation")
	b.ReportMetric(median(alone), "ms/bash")
}

// median is in milliseconds.
func median(all []time.Duration) float64 {
	slices.Sort(all)
	return float64(all[len(all)/2].Microseconds()) / 1000
}
