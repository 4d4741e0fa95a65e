package sweep

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// installed is the result of a package that dpkg takes in and lets go.
const installed = "installed"

// install has apt bring in what the rows' packages depend on, dpkg the packages themselves, and takes them away again.
func (s *sweep) install(ctx context.Context, log *os.File, of ...*row) error {
	s.installing.Lock()
	defer s.installing.Unlock()
	debs, names, err := s.deliver(ctx, of)
	if err != nil {
		return err
	}
	all := outcome{Result: installed}
	defer func() {
		for _, x := range of {
			x.Install = &outcome{Result: all.Result, Why: all.Why, Seconds: all.Seconds}
		}
	}()
	for _, args := range [][]string{
		append([]string{"apt-get", "install", "--yes", "--no-install-recommends", "--reinstall", "--allow-downgrades"}, debs...),
		append([]string{"dpkg", "--install"}, debs...),
		append([]string{"dpkg", "--purge"}, names...),
	} {
		done, err := s.step(ctx, log, true, args)
		if err != nil {
			return err
		}
		if done.code != 0 {
			all = outcome{Result: failed, Why: firstError(done.output)}
			_, err := s.step(ctx, log, true, append([]string{"dpkg", "--purge", "--force-remove-reinstreq"}, names...))
			return err
		}
		all.Seconds += done.seconds
	}
	return nil
}

// deliver puts rows' packages into mago's system, with those of other rows that they depend on.
func (s *sweep) deliver(ctx context.Context, of []*row) (debs, names []string, err error) {
	var files []string
	add := func(file string) {
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	for _, x := range of {
		add(s.rows.path(x.choice, ".deb"))
		if x.Common != "" {
			add(s.rows.path(x.choice, ".common.deb"))
		}
		others, err := s.needed(ctx, x.choice)
		if err != nil {
			return nil, nil, err
		}
		for _, other := range others {
			add(s.rows.path(other, ".deb"))
		}
	}
	for i, file := range files {
		deb := fmt.Sprintf("/srv/sweep%d.deb", i)
		if err := copyFile(s.system.Path(deb), file); err != nil {
			return nil, nil, err
		}
		name, err := s.system.Run(ctx, "dpkg-deb", "--field", deb, "Package")
		if err != nil {
			return nil, nil, err
		}
		debs, names = append(debs, deb), append(names, strings.TrimSpace(name))
	}
	return debs, names, nil
}

// needed are the rows for the same kernel whose packages a row's package depends on. The error is errLater where one of
// them is not built yet.
func (s *sweep) needed(ctx context.Context, c choice) (others []choice, err error) {
	depends, err := exec.CommandContext(ctx, "dpkg-deb", "--field", s.rows.path(c, ".deb"), "Depends").Output()
	if err != nil {
		return nil, err
	}
	for name := range strings.FieldsFuncSeq(string(depends), func(r rune) bool { return strings.ContainsRune(" ,|\n", r) }) {
		module, ok := strings.CutSuffix(name, "-modules-"+c.Kernel)
		if !ok {
			continue
		}
		i := slices.IndexFunc(s.choices, func(o choice) bool {
			_, err := os.Stat(s.rows.path(o, ".deb"))
			return o.Kernel == c.Kernel && o.Module == module && err == nil
		})
		if i < 0 {
			return nil, fmt.Errorf("%w: nothing has built %s", errLater, name)
		}
		others = append(others, s.choices[i])
	}
	return others, nil
}
