package main

import (
	"context"
	"os"
	"strings"
)

// installed is the result of a package that dpkg takes in and lets go.
const installed = "installed"

// install has apt bring in what the package depends on, dpkg the package itself, and takes it away again.
func (s *sweep) install(ctx context.Context, x *row, log *os.File) error {
	const deb = "/srv/sweep.deb"
	s.installing.Lock()
	defer s.installing.Unlock()
	if err := copyFile(s.system.Path(deb), s.rows.path(x.choice, ".deb")); err != nil {
		return err
	}
	name, err := s.system.Run(ctx, "dpkg-deb", "--field", deb, "Package")
	if err != nil {
		return err
	}
	x.Install = &outcome{Result: installed}
	for _, args := range [][]string{
		{"apt-get", "install", "--yes", "--no-install-recommends", "--reinstall", "--allow-downgrades", deb},
		{"dpkg", "--install", deb},
		{"dpkg", "--remove", strings.TrimSpace(name)},
	} {
		done, err := s.step(ctx, log, true, args)
		if err != nil {
			return err
		}
		if done.code != 0 {
			x.Install = &outcome{Result: failed, Why: firstError(done.output)}
			_, err := s.step(ctx, log, true, []string{"dpkg", "--remove", "--force-remove-reinstreq", strings.TrimSpace(name)})
			return err
		}
		x.Install.Seconds += done.seconds
	}
	return nil
}
