package kbuild

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"mago/kbuild/jobs"
	"mago/kbuild/sandbox"
)

// slots are a Makefile's recipes that each take one of SLOTS places, and note where all are taken: then more run at once.
const slots = `obj-m := hello.o
all: $(addprefix slot.,$(shell seq 16))
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
slot.%:
	@for i in $$(seq $(SLOTS)); do mkdir taken.$$i 2>/dev/null && break; i=; done; \
	for j in $$(seq 400); do :; done; \
	if [ $$i ]; then rmdir taken.$$i; else echo more than $(SLOTS) at once; fi; echo ran $@
`

// TestAtMost: a build that may have fewer compilers than the others runs no more at once, whatever of mago's its recipe goes by:
// the jobserver, $parallel_jobs, nproc, parallel= in DEB_BUILD_OPTIONS.
func TestAtMost(t *testing.T) {
	for by, make := range map[string]string{
		"jobserver": "make", "parallel_jobs": "make -j$parallel_jobs", "late parallel_jobs": `make -j\$parallel_jobs`, "nproc": "make -j$(nproc)", "inner nproc": "sh -c 'make -j`nproc` KDIR=$kernel_source_dir'",
	} {
		for n := 1; n <= 2; n++ {
			if strings.Contains(by, "nproc") && runtime.NumCPU() <= n {
				continue // it would be that many anyway
			}
			t.Run(fmt.Sprint(by, " ", n), func(t *testing.T) {
				b := newBench(t)
				b.atMost(t, with(t, tree{
					"dkms.conf": named + "MAKE=\"" + strings.ReplaceAll(strings.ReplaceAll(make, "$(", "\\$("), "`", "\\`") + " KDIR=$kernel_source_dir\"\n",
					"Makefile":  strings.ReplaceAll(slots, "$(SLOTS)", fmt.Sprint(n)),
				}), n)
			})
		}
	}
}

// TestRulesAtMost: a debian/rules hears of no more compilers.
func TestRulesAtMost(t *testing.T) {
	source := rulesWith(t, func(rules string) string {
		return strings.Replace(rules, "binary-modules:\n", "binary-modules:\n\t@echo told $(filter parallel=%,$(DEB_BUILD_OPTIONS)) $(CONCURRENCY_LEVEL) $$(nproc)\n", 1)
	})
	b := rulesBench(t)
	b.atMost(t, source, 1)
	if !strings.Contains(b.log.String(), "\ntold parallel=1 1 1\n") {
		t.Errorf("the rules were told of other numbers:\n%s", b.log.String())
	}
}

// atMost builds a source with so many of eight compilers, and compares the module with what all eight make.
func (b *bench) atMost(t *testing.T, source string, n int) {
	t.Helper()
	var made [][]byte
	for _, most := range []int{0, n} {
		b.enter(t, jobs.NewPool(8))
		b.box.Limits = sandbox.Limits{Time: 2 * time.Minute}
		job := b.job(t, source)
		job.Jobs, job.AtMost = 8, most
		b.log.Reset()
		result, err := b.builder().Build(t.Context(), job)
		if err != nil {
			t.Fatalf("%v\n%s", err, b.log.String())
		}
		text, err := os.ReadFile(result.Modules[0].File)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, text)
		b.client.Leave()
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("the module is another")
	}
	if strings.Contains(b.log.String(), "at once") {
		t.Errorf("more than %d ran at once:\n%s", n, b.log.String())
	}
}
