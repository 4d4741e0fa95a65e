package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// matrixModules are dkms packages whose modules one call of make builds, in seconds each, with what that is told besides.
var matrixModules = map[string]string{
	"acpi-call": "", "adv-17v35x": "", "bbswitch": "", "dm-writeboost": "", "lime-forensics": "", "nat-rtsp": "", "tp-smapi": "HDAPS=1", "vpoll": "",
}

// matrixContests are of eight modules and two kernels.
func (l *lab) matrixContests() []contest {
	kernels := l.kernel + "," + l.cloud
	words := append([]string{"-l", kernels, "build"}, matrixNames()...)
	cold, again := l.on(append([]string{"mago", "-f"}, words...)...), l.on(append([]string{"mago"}, words...)...)
	const matrix = "8 modules × 2 kernels, `build -f`, against "
	return []contest{
		{
			lines: []line{
				{what: matrix + "the bare makes' processor seconds ÷ cores", aim: "1.10", of: spread},
				{what: matrix + "one `make -jN` over all the bare makes", aim: "1.10"},
			},
			prepare: l.matrix, mago: cold, peer: l.on("make", fmt.Sprintf("-j%d", runtime.NumCPU()), "-s", "-f", "/root/matrix.mk"),
		},
		{
			lines:   []line{{what: "8 modules × 2 kernels again, all there, against `build -f`", aim: "0.02"}},
			prepare: l.matrix, mago: again, peer: cold,
		},
		{
			lines:   []line{{what: matrix + "`dkms build -j N` one after the other", aim: "0.70"}},
			prepare: l.dkms, mago: cold, peer: l.on("sh", "-e", "/root/dkms.sh"),
		},
	}
}

func matrixNames() (names []string) {
	for name := range matrixModules {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// matrix fetches the sources, and writes a makefile that builds them without mago: /root/matrix.mk, whose makes share one pool.
func (l *lab) matrix(ctx context.Context) error {
	if err := l.RunAll(ctx,
		[]string{"apt-get", "install", "--yes", "--no-install-recommends", "linux-headers-" + l.cloud},
		append([]string{"mago", "-l", l.kernel + "," + l.cloud, "auto-build"}, matrixNames()...),
	); err != nil {
		return err
	}
	var text strings.Builder
	var all []string
	for _, name := range matrixNames() {
		source, err := l.source(name)
		if err != nil {
			return err
		}
		for _, kernel := range []string{l.kernel, l.cloud} {
			target, work := name+"_"+kernel, "/tmp/"+name+"_"+kernel
			all = append(all, target)
			fmt.Fprintf(&text, "%[1]s:\n\trm -rf %[2]s && cp -r %[3]s %[2]s\n\t+$(MAKE) -C /lib/modules/%[4]s/build M=%[2]s %[5]s modules\n", target, work, source, kernel, matrixModules[name])
		}
	}
	return os.WriteFile(l.Path("/root/matrix.mk"), []byte("all: "+strings.Join(all, " ")+"\n"+text.String()), 0o644)
}

// manyAtOnce is the line of what mago's own processes hold where many builds are under way.
func (l *lab) manyAtOnce(ctx context.Context) (row string, err error) {
	var memory int64
	build := l.on(append([]string{"mago", "-f", "-j", "16", "-l", l.kernel + "," + l.cloud, "build"}, matrixNames()...)...)
	_, err = contest{}.once(ctx, build, func(pid int, stop <-chan struct{}) { memory = watch(pid, stop) })
	return fmt.Sprintf("| %s | | | | | 100 MB | %d MB |", manyAtOnce, memory/1e6), err
}

const manyAtOnce = "8 modules × 2 kernels, `build -f -j 16`: memory of mago's own"

// source is where mago has opened a module's source, as a path on the system.
func (l *lab) source(module string) (string, error) {
	dirs, err := filepath.Glob(l.Path("/var/cache/mago/trees/" + module + "-dkms/*/data/usr/src/*"))
	if err == nil && len(dirs) != 1 {
		err = fmt.Errorf("the sources of %s are %q", module, dirs)
	}
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(dirs[0], l.Dir), nil
}

// dkms has dkms know the same sources, and writes what builds them: /root/dkms.sh.
func (l *lab) dkms(ctx context.Context) error {
	if err := l.matrix(ctx); err != nil {
		return err
	}
	if _, err := l.Run(ctx, "apt-get", "install", "--yes", "--no-install-recommends", "dkms"); err != nil {
		return err
	}
	var text strings.Builder
	for _, name := range matrixNames() {
		source, err := l.source(name)
		if err != nil {
			return err
		}
		if _, err := l.Run(ctx, "sh", "-c", "rm -rf /usr/src/"+filepath.Base(source)+" && cp -r "+source+" /usr/src/ && chown -R root:root /usr/src/"+filepath.Base(source)); err != nil {
			return err
		}
		out, err := l.Run(ctx, "sh", "-c", ". /usr/src/"+filepath.Base(source)+"/dkms.conf >/dev/null 2>&1; echo $PACKAGE_NAME/$PACKAGE_VERSION")
		if err != nil {
			return err
		}
		called := strings.TrimSpace(out)
		if _, err := l.Run(ctx, "sh", "-c", "dkms status "+called+" | grep -q . || dkms add "+called); err != nil {
			return err
		}
		for _, kernel := range []string{l.kernel, l.cloud} {
			fmt.Fprintf(&text, "dkms build --force -j %d -k %s %s\n", runtime.NumCPU(), kernel, called)
		}
	}
	return os.WriteFile(l.Path("/root/dkms.sh"), []byte(text.String()), 0o644)
}

// dahdi fetches its source for mago and bare make.
func (l *lab) dahdi(ctx context.Context) error {
	if err := l.RunAll(ctx, []string{"mago", "-l", l.kernel, "prepare", "dahdi"}, []string{"mago", "-l", l.kernel, "auto-build", "dahdi"}); err != nil {
		return err
	}
	source, err := l.source("dahdi")
	if err != nil {
		return err
	}
	_, err = l.Run(ctx, "sh", "-c", "rm -rf /root/dahdi && cp -r "+source+" /root/dahdi")
	return err
}

func (l *lab) dahdiForModuleAssistant(ctx context.Context) error {
	if err := l.moduleAssistant(ctx); err != nil {
		return err
	}
	if err := l.dahdi(ctx); err != nil {
		return err
	}
	return l.RunAll(ctx, []string{"apt-get", "install", "--yes", "--no-install-recommends", "dahdi-source"}, []string{"m-a", "--text-mode", "--non-inter", "-l", l.kernel, "prepare"})
}
