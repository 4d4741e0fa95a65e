package sweep

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"mago/cmd/lab/internal/releases"
)

// kindDKMS is the catalog's word for packages that dkms builds.
const kindDKMS = "dkms"

// findKernels gives the kernels to work for, and those whose tables are written: these and the usual ones.
func (s *sweep) findKernels(ctx context.Context) (chosen, tabled []string, err error) {
	find := s.system.Kernels
	if s.reuse {
		find = func(ctx context.Context) ([]string, error) { return releases.Plain(ctx, s.system) }
	}
	usual, err := find(ctx)
	if err != nil || s.kernels == "" {
		return usual, usual, err
	}
	tabled = slices.Clone(usual)
	for kernel := range strings.SplitSeq(s.kernels, ",") {
		chosen = append(chosen, kernel)
		if !slices.Contains(tabled, kernel) {
			tabled = append(tabled, kernel)
		}
	}
	return chosen, tabled, nil
}

// findChoices is every package that mago's index has a version of, for every kernel.
func (s *sweep) findChoices(ctx context.Context, kernels []string) ([]choice, error) {
	if _, err := s.system.Run(ctx, "mago", "update"); err != nil {
		return nil, err
	}
	modules, err := s.show(ctx, "all")
	if err != nil {
		return nil, err
	}
	var all []choice
	for _, kernel := range kernels {
		version, err := s.kernelVersion(ctx, kernel)
		if err != nil {
			return nil, err
		}
		for _, m := range modules {
			for _, p := range m.Packages {
				if p.Version != "" {
					all = append(all, choice{p.Name, p.Version, p.Kind, m.Module, kernel, version})
				}
			}
		}
	}
	return all, nil
}

func (s *sweep) kernelVersion(ctx context.Context, kernel string) (string, error) {
	out, err := s.system.Run(ctx, "apt-cache", "show", "--no-all-versions", "linux-headers-"+kernel)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(out) {
		if version, ok := strings.CutPrefix(line, "Version: "); ok {
			return strings.TrimSpace(version), nil
		}
	}
	return "", fmt.Errorf("apt has no version of linux-headers-%s", kernel)
}

// wanted reports whether a run that has these kernels and globs is about the choice.
func wanted(c choice, kernels []string, only string) bool {
	if !slices.Contains(kernels, c.Kernel) {
		return false
	}
	return only == "" || slices.ContainsFunc(strings.Split(only, ","), func(glob string) bool {
		matched, _ := path.Match(glob, c.Package)
		return matched
	})
}

// byModule groups choices that one after the other must work on: those of the same module, which share its builds.
func byModule(all []choice) [][]choice {
	var groups [][]choice
	at := map[string]int{}
	for _, c := range all {
		key := c.Module + " " + c.Kernel
		i, ok := at[key]
		if !ok {
			i, groups = len(groups), append(groups, nil)
			at[key] = i
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}
