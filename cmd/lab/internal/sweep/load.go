package sweep

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// image is a kernel's own package, unpacked below the store, never installed.
type image struct {
	vmlinuz string
	modules map[string]string
}

// image fetches and unpacks linux-image once.
func (s *sweep) image(ctx context.Context, c choice) (image, error) {
	dir := filepath.Join(s.store.Dir(), "images", c.Kernel+"_"+c.KernelVersion)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := s.fetchImage(ctx, c.Kernel, dir); err != nil {
			return image{}, err
		}
	}
	modules, err := objects(filepath.Join(dir, "lib/modules"))
	if errors.Is(err, fs.ErrNotExist) {
		modules, err = objects(filepath.Join(dir, "usr/lib/modules"))
	}
	if err == nil {
		err = addAliases(modules)
	}
	return image{vmlinuz: filepath.Join(dir, "boot/vmlinuz-"+c.Kernel), modules: modules}, err
}

func (s *sweep) fetchImage(ctx context.Context, kernel, dir string) error {
	s.apt.Lock()
	defer s.apt.Unlock()
	const scratch = "/srv/image"
	if err := os.RemoveAll(s.system.Path(scratch)); err != nil {
		return err
	}
	if err := s.system.RunAll(ctx,
		[]string{"mkdir", "--mode=777", scratch},
		[]string{"sh", "-c", `cd "$1" && apt-get download "$2" && dpkg-deb --extract "$2"_*.deb tree && rm -- *.deb`, "sh", scratch, "linux-image-" + kernel},
	); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	return os.Rename(s.system.Path(scratch+"/tree"), dir)
}

// load boots the own image of the rows' kernel and has it take in the modules of their packages.
func (s *sweep) load(ctx context.Context, log *os.File, of ...*row) error {
	img, err := s.image(ctx, of[0].choice)
	if err != nil {
		return err
	}
	own, whose, others := map[string]string{}, map[string]*row{}, []choice(nil)
	for _, x := range of {
		modules, remove, err := s.unpack(ctx, x.choice)
		if err != nil {
			return err
		}
		defer remove()
		for name, file := range modules {
			if other := whose[name]; other != nil {
				return fmt.Errorf("%s and %s have a module %s each", other.Package, x.Package, name)
			}
			own[name], whose[name] = file, x
		}
		needed, err := s.needed(ctx, x.choice)
		if err != nil {
			return err
		}
		others = append(others, needed...)
	}
	order, err := s.order(ctx, others, own, img.modules)
	if err != nil {
		return err
	}
	missing := map[string]bool{}
	for _, other := range others {
		for _, a := range s.rows.load(other).Loads {
			missing[a.Module] = a.Load == noDevice
		}
	}
	var tried []string
	for _, m := range order {
		if own[m.name] != "" {
			tried = append(tried, m.name)
		}
	}
	answers, err := boot(ctx, img.vmlinuz, order, tried, func(console []byte) { log.Write(console) })
	for _, x := range of {
		x.Loads = nil
	}
	for _, a := range excuse(answers, order, missing) {
		if x := whose[a.Module]; x != nil {
			x.Loads = append(x.Loads, a)
		}
	}
	return err
}

// unpack opens a row's package and gives its modules.
func (s *sweep) unpack(ctx context.Context, c choice) (map[string]string, func(), error) {
	dir, err := os.MkdirTemp(s.store.Dir(), "load-")
	if err != nil {
		return nil, nil, err
	}
	remove := func() { os.RemoveAll(dir) }
	all, err := unpackInto(ctx, dir, s.rows.path(c, ".deb"))
	if err != nil {
		remove()
		return nil, nil, err
	}
	return all, remove, nil
}

func unpackInto(ctx context.Context, dir, deb string) (map[string]string, error) {
	if err := exec.CommandContext(ctx, "dpkg-deb", "--extract", deb, dir).Run(); err != nil {
		return nil, err
	}
	all, err := objects(dir)
	if err != nil {
		return nil, err
	}
	return named(all)
}

// order is that of the row's own modules and what they need, of the kernel's package and of other rows' packages.
func (s *sweep) order(ctx context.Context, others []choice, own, kernels map[string]string) ([]module, error) {
	places := []map[string]string{own, kernels}
	for _, other := range others {
		theirs, remove, err := s.unpack(ctx, other)
		if err != nil {
			return nil, err
		}
		defer remove()
		places = append(places, theirs)
	}
	return loadOrder(slices.Sorted(maps.Keys(own)), places...)
}
