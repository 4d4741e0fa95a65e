package apt

import (
	"context"
	"slices"
	"strings"

	"mago/debpkg/word"
)

// builds reports whether installing a package would have dkms build modules. dh-dkms and its like only help to make packages.
func builds(name string) bool {
	return name == "dkms" || strings.HasSuffix(name, "-dkms") && !strings.HasPrefix(name, "dh-")
}

// withoutDKMS has apt-get leave out dkms and its packages where others do in their place, such as the modules themselves. It
// tells what comes then. It fails with *DKMSError where none do, and with *ToolError.
func (in *Installer) withoutDKMS(ctx context.Context, how InstallOptions, packages []word.Target) (InstallOptions, Transaction, error) {
	var wanted []string
	for {
		would, err := in.Simulate(ctx, how, packages)
		if err != nil && len(wanted) > 0 {
			return how, would, &DKMSError{wanted}
		}
		if err != nil {
			return how, would, err
		}
		known := len(how.without)
		for _, c := range slices.Concat(would.Install, would.Upgrade) {
			name := c.Package.Name
			if !builds(name.String()) {
				continue
			}
			wanted = append(wanted, name.String())
			asked := slices.ContainsFunc(packages, func(t word.Target) bool { return t.Name == name })
			if asked || !c.Old.IsZero() || slices.Contains(how.without, name) {
				return how, would, &DKMSError{wanted}
			}
			how.without = append(slices.Clip(how.without), name)
		}
		if len(how.without) == known {
			return how, would, nil
		}
	}
}
