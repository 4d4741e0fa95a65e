package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"mago/cmd/lab/internal/debian"
)

// compilations are the source files that compilers were executed for, by kernel release and kernel module, as often as they were.
type compilations map[[2]string][]string

// kbuildsOwn is what kbuild itself compiles once for each directory that it is called for (scripts/Makefile.modfinal, Linux 6.12); no
// module is named with it.
const kbuildsOwn = ".module-common.c"

// Of the arguments of GCC's own compiler, those that tell of a file, its kernel, and its module. Where kbuild only asks what the
// compiler can do, the file is none.
var (
	compiler       = regexp.MustCompile(`^[0-9]+ +execve\("[^"]*/cc1", `)
	compiledFile   = regexp.MustCompile(`"-dumpbase", "([^"]+\.[cS])"`)
	preprocessed   = regexp.MustCompile(`"-E", .*"-dumpbase", "[^"]+\.c"`) // for genksyms, which makes the CRCs of exported symbols
	compiledKernel = regexp.MustCompile(`/linux-headers-([^"/]+)-common/`)
	compiledModule = regexp.MustCompile(`"KBUILD_MODNAME=\\?"?([^"\\]+)`)
)

// readCompilations reads what strace(1) has written of execve(2), with all arguments.
func readCompilations(trace io.Reader) (compilations, error) {
	all, lines := compilations{}, bufio.NewReader(trace)
	for {
		line, err := lines.ReadString('\n')
		if compiler.MatchString(line) {
			file, kernel, module := submatch(compiledFile, line), submatch(compiledKernel, line), submatch(compiledModule, line)
			if file != "" && file != kbuildsOwn && !preprocessed.MatchString(line) {
				unit := [2]string{kernel + "-" + runtime.GOARCH, module}
				all[unit] = append(all[unit], file)
			}
		}
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func submatch(pattern *regexp.Regexp, line string) string {
	if m := pattern.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// of are the files of a kernel's modules.
func (c compilations) of(kernel string, modules []string) (files []string) {
	for _, module := range modules {
		files = append(files, c[[2]string{kernel, module}]...)
	}
	return files
}

func (c compilations) all() (n int) {
	for _, files := range c {
		n += len(files)
	}
	return n
}

// opened is what a unit's package holds.
type opened struct {
	modules []string // as the kernel has their names
	symbols []string // that they have CRCs of
}

// openPackage opens a unit's package, and has modprobe read its modules.
func openPackage(ctx context.Context, sys *debian.System, module, kernel string) (p opened, err error) {
	dir := "/srv/opened/" + module + "_" + kernel
	if err := sys.RunAll(ctx, []string{"mkdir", "-p", dir},
		[]string{"sh", "-c", `dpkg-deb -x /var/cache/mago/debs/"$1"-modules-"$2"_*.deb "$3"`, "sh", module, kernel, dir}); err != nil {
		return p, err
	}
	files, err := filepath.Glob(sys.Path(dir + "/*/modules/*/updates/mago/*.ko*"))
	usr, _ := filepath.Glob(sys.Path(dir + "/usr/lib/modules/*/updates/mago/*.ko*"))
	if files = append(files, usr...); err == nil && len(files) == 0 {
		err = fmt.Errorf("the package of %s for %s has no modules", module, kernel)
	}
	if err != nil {
		return p, err
	}
	for _, file := range files {
		name, _, _ := strings.Cut(filepath.Base(file), ".ko")
		p.modules = append(p.modules, strings.ReplaceAll(name, "-", "_"))
		out, err := sys.Run(ctx, "modprobe", "--dump-modversions", strings.TrimPrefix(file, sys.Dir))
		if err != nil {
			return p, err
		}
		for line := range strings.Lines(out) {
			if columns := strings.Fields(line); len(columns) == 2 {
				p.symbols = append(p.symbols, columns[1])
			}
		}
	}
	return p, nil
}

// changed reports whether one of the modules' symbols has another CRC in one kernel than in another. Those that neither exports
// are the modules' own.
func (p opened) changed(one, other map[string]string) bool {
	return slices.ContainsFunc(p.symbols, func(symbol string) bool { return one[symbol] != other[symbol] })
}

// readSymvers has the CRC of each symbol of each kernel, whose headers mago has fetched or installed.
func readSymvers(sys *debian.System, kernels []string) (all []map[string]string, err error) {
	for _, kernel := range kernels {
		var files []string
		for _, place := range []string{"/usr/src", "/var/cache/mago/headers/*/usr/src", "/var/cache/mago/headers/*/*/usr/src"} {
			found, err := filepath.Glob(sys.Path(place + "/linux-headers-" + kernel + "/Module.symvers"))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("the headers of %s are not there", kernel)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			return nil, err
		}
		crcs := map[string]string{}
		for line := range strings.Lines(string(text)) {
			if columns := strings.Split(line, "\t"); len(columns) > 1 {
				crcs[columns[1]] = columns[0]
			}
		}
		all = append(all, crcs)
	}
	return all, nil
}
