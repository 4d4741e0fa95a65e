package main

import (
	"context"
	"os"
	"strings"
)

// installed is the result of a package that dpkg takes in and lets go.
const installed = "installed"

// install has apt bring in what the packages depend on, dpkg the packages themselves, and takes them away again.
func (s *sweep) install(ctx context.Context, x *row, log *os.File) error {
	s.installing.Lock()
	defer s.installing.Unlock()
	debs, names, err := s.deliver(ctx, x)
	if err != nil {
		return err
	}
	x.Install = &outcome{Result: installed}
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
			x.Install = &outcome{Result: failed, Why: firstError(done.output)}
			_, err := s.step(ctx, log, true, append([]string{"dpkg", "--purge", "--force-remove-reinstreq"}, names...))
			return err
		}
		x.Install.Seconds += done.seconds
	}
	return nil
}

// deliver puts a row's packages into mago's system.
func (s *sweep) deliver(ctx context.Context, x *row) (debs, names []string, err error) {
	suffixes := []string{".deb"}
	if x.Common != "" {
		suffixes = append(suffixes, ".common.deb")
	}
	for _, suffix := range suffixes {
		deb := "/srv/sweep" + suffix
		if err := copyFile(s.system.Path(deb), s.rows.path(x.choice, suffix)); err != nil {
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
