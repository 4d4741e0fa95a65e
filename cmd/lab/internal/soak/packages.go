package soak

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"mago/cmd/lab/hostile"
)

// steal has mago install what sources' own debian/rules have packed. None of it comes to the system, and nothing on it
// changes.
func (s *soaking) steal(ctx context.Context, _ *rand.Rand, t *tally) (string, []finding, error) {
	module, err := s.builtModule(ctx)
	if err != nil {
		return "", nil, err
	}
	if err := s.succeed(ctx, "dpkg", "--remove", "hello-modules-"+s.kernel); err != nil { // so that nobody has the name of the thieves' module
		return "", nil, err
	}
	there := s.Path(hostile.Found)
	if err := errors.Join(os.MkdirAll(filepath.Dir(there), 0o755), os.WriteFile(there, []byte("the administrator's"), 0o644)); err != nil {
		return "", nil, err
	}
	var found []finding
	for _, p := range hostile.Packages {
		const source = "/root/attack/thief-1.0"
		if err := errors.Join(os.RemoveAll(s.Path(source)), hostile.WritePackage(s.Path(source), p, module)); err != nil {
			return "", nil, err
		}
		before := s.outside()
		out := s.run(ctx, s.arguments("a-i", source)...)
		t.note(out.String())
		const recipe, packages = 9, 12
		if out.code != recipe && out.code != packages {
			found = append(found, finding{escaped, fmt.Sprintf("%s: %v: %.2000s", p.Name, out, out.said)})
		}
		for _, f := range s.changed(before) {
			found = append(found, finding{f.kind, p.Name + ": " + f.what})
		}
		if err := s.succeed(ctx, s.arguments("purge", "thief")...); err != nil {
			return "", nil, err
		}
	}
	return fmt.Sprintf("%d hostile packages", len(hostile.Packages)), found, nil
}

// builtModule takes the local module's file out of its package, which another part may have purged.
func (s *soaking) builtModule(ctx context.Context) (string, error) {
	if err := s.succeed(ctx, s.arguments("a-b", local)...); err != nil {
		return "", err
	}
	debs := s.glob(filepath.Join(usual.cache, "debs", "hello-modules-"+s.kernel+"_*.deb"))
	if len(debs) == 0 {
		return "", errors.New("the local module is not built")
	}
	const dir = "/root/attack/built"
	if err := os.MkdirAll(s.Path(dir), 0o755); err != nil {
		return "", err
	}
	if err := s.succeed(ctx, "dpkg-deb", "-x", debs[0][len(s.Dir):], dir); err != nil {
		return "", err
	}
	modules := s.glob(filepath.Join(dir, "lib/modules", s.kernel, "updates/mago/hello.ko*"))
	if len(modules) == 0 {
		return "", errors.New("the local module's package has no module")
	}
	return modules[0], nil
}
