package sweep

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mago/cmd/lab/internal/debian"
)

// reuseAll has mago build everything in one run, with the modules of other kernels where they fit, and has each kernel take in
// what was built for others, all in one boot.
func (s *sweep) reuseAll(ctx context.Context, todo []choice, kernels []string) error {
	todo = slices.DeleteFunc(todo, func(c choice) bool { return c.Kind != kindDKMS })
	if err := os.MkdirAll(s.rows.dir, 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.rows.dir, "reuse.log"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	all, err := s.buildAll(ctx, todo, kernels, log)
	if err != nil {
		return err
	}
	var failures []error
	for _, kernel := range kernels {
		failures = append(failures, s.takeIn(ctx, all, kernel, log))
	}
	return errors.Join(errors.Join(failures...), s.writeTable())
}

// buildAll builds all rows with one command of mago's; the first kernel's headers are installed, the others are fetched.
func (s *sweep) buildAll(ctx context.Context, todo []choice, kernels []string, log *os.File) ([]row, error) {
	packages := packagesOf(todo)
	releases := strings.Join(kernels, ",")
	steps := [][]string{
		append([]string{"mago", "-t", "-i", "-l", kernels[0], "prepare"}, packages...),
		append([]string{"mago", "-t", "-i", "--reuse", "-l", releases, "auto-build"}, packages...),
	}
	if s.fresh {
		steps = slices.Insert(steps, 0, append([]string{"mago", "-t", "-i", "-l", releases, "purge"}, packages...))
	}
	var last ran
	for _, args := range steps {
		var err error
		if last, err = s.step(ctx, log, true, args); err != nil {
			return nil, err
		}
	}
	found, err := s.show(ctx, packages...)
	if err != nil {
		return nil, err
	}
	var all []row
	for _, c := range todo {
		if err := os.MkdirAll(filepath.Dir(s.rows.path(c, ".log")), 0o755); err != nil {
			return nil, err
		}
		x := s.rows.load(c).forget(s.fresh, s.retry, false)
		x.Mago = &outcome{Result: failed, Why: debian.MagoError(last.output)}
		if i := slices.IndexFunc(found, func(m shown) bool { return m.Module == c.Module }); i >= 0 {
			if slices.ContainsFunc(found[i].Builds, func(r record) bool { return r.Kernel == c.Kernel && r.Result == built }) {
				x.Mago = &outcome{Result: built}
			}
			if err := s.takeRecord(&x, found[i], time.Time{}); err != nil {
				return nil, err
			}
		}
		if err := s.rows.save(x); err != nil {
			return nil, err
		}
		s.tell(x, "mago")
		all = append(all, x)
	}
	return all, nil
}

// takeIn has dpkg and a kernel take in the packages that were made of other kernels' modules.
func (s *sweep) takeIn(ctx context.Context, all []row, kernel string, log *os.File) error {
	var fits []*row
	for i := range all {
		if x := &all[i]; x.Kernel == kernel && x.Mago.Result == built && x.Mago.Donor != "" {
			fits = append(fits, x)
		}
	}
	if len(fits) == 0 {
		return nil
	}
	missing := func(is func(*row) bool) bool { return slices.ContainsFunc(fits, is) }
	var failures []error
	if missing(func(x *row) bool { return x.Install == nil }) {
		failures = append(failures, s.install(ctx, log, fits...))
	}
	if s.withLoad && missing(func(x *row) bool { return x.Loads == nil }) {
		failures = append(failures, s.load(ctx, log, fits...))
	}
	for _, x := range fits {
		failures = append(failures, s.rows.save(*x))
		s.tell(*x, "dpkg")
		s.tell(*x, "load")
	}
	return errors.Join(failures...)
}

// packagesOf are the source packages of choices, each once.
func packagesOf(all []choice) (names []string) {
	for _, c := range all {
		if !slices.Contains(names, c.Package) {
			names = append(names, c.Package)
		}
	}
	return names
}
