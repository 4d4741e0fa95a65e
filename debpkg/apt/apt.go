// Package apt is what mago does with apt and dpkg: it reads dpkg's status, installs packages and what they need, foresees
// what apt would do, and waits for the locks that both hold. It knows no kernel modules, but that it never installs dkms.
package apt

import (
	"context"
	"slices"

	"mago/debpkg/relation"
	"mago/debpkg/word"
)

// GetArgs are the arguments of one run of apt-get: what mago itself says, whether apt may take packages from archives whose
// signature it could not check, and the packages. Behind "--" none of those is an option, and none is a pattern: by itself
// apt takes the name of a package that it does not know for a regular expression.
func GetArgs(unauthenticated bool, args []string, packages ...word.Target) []string {
	args = append(slices.Clip(args), TrustArgs(unauthenticated)...)
	if len(packages) == 0 {
		return args
	}
	args = append(args, namesOnly...)
	return append(args, slices.Compact(slices.Sorted(slices.Values(word.Strings(packages...))))...)
}

// namesOnly stands before the names of packages.
var namesOnly = []string{"-o", "APT::Cmd::Pattern-Only=true", "--"}

// InstallOptions says how apt-get is to install.
type InstallOptions struct {
	Again     bool     // also what it takes for installed
	Need      bool     // as what others need: it may go once nobody does
	Downgrade bool     // also older versions
	Remove    bool     // also where others have to be removed for it
	Debs      []string // .debs to install besides, as absolute paths within the root

	without []word.Package // what is not installed, and is not to be
}

func (i InstallOptions) args() []string {
	args := []string{"-q", "install", "--yes", "--no-install-recommends"}
	if !i.Remove {
		args = append(args, "--no-remove")
	}
	if i.Need {
		args = append(args, "--mark-auto")
	}
	if i.Again {
		args = append(args, "--reinstall")
	}
	if i.Downgrade {
		args = append(args, "--allow-downgrades")
	}
	return args
}

// aptInstall are the arguments of apt-get for an installation, or in a mode for what it would be.
func (in *Installer) aptInstall(how InstallOptions, packages []word.Target, mode ...string) []string {
	args := GetArgs(in.Unauthenticated, slices.Concat(mode, aptAsksNobody(), how.args()), packages...)
	if len(packages) == 0 {
		args = append(args, namesOnly...)
	}
	args = append(args, how.Debs...)
	for _, name := range how.without {
		args = append(args, name.String()+"-") // which apt-get has for not installing it
	}
	return args
}

// aptAsksNobody are the arguments that have apt-get not wait for locks, which it would do in silence, and dpkg not ask
// about conffiles.
func aptAsksNobody() []string {
	return []string{"-o", "DPkg::Lock::Timeout=0", "-o", "Dpkg::Options::=" + keepConffiles}
}

// UpdateLists runs apt-get update, once nobody else is at it. Lists that apt could not fetch are an error, which by itself
// apt-get does not make of them. It fails with *ToolError or *LockedError.
func (in *Installer) UpdateLists(ctx context.Context) error {
	args := append(aptAsksNobody(), "-q", "-o", "APT::Update::Error-Mode=any", "update")
	return in.exclusively(ctx, updateLocks, nil, func() error { return in.tool(ctx, "apt-get", GetArgs(in.Unauthenticated, args)...) })
}

// FromApt runs apt-get install, once nobody else is at it. Where it had to wait it asks done first, if not nil, whether the
// other one has done it all. It fails with *ToolError, *LockedError or *DKMSError: it never has dkms or its packages installed.
func (in *Installer) FromApt(ctx context.Context, how InstallOptions, packages []word.Target, done func() bool) error {
	return in.hindered(in.exclusively(ctx, installLocks, done, func() error {
		how, coming, err := in.withoutDKMS(ctx, how, packages)
		if err != nil {
			return err
		}
		if err := in.tellForeseen(ctx, how, packages, coming); err != nil {
			return err
		}
		return in.keeping(func() error { return in.tool(ctx, "apt-get", in.aptInstall(how, packages, in.tellingProgress()...)...) })
	}))
}

// targetOf is what apt knows an alternative by.
func targetOf(a relation.Alternative) (t word.Target, err error) {
	if t.Name, err = word.ParsePackage(a.Name); err != nil || a.Qualifier == "" || a.Qualifier == "any" {
		return t, err
	}
	t.Architecture, err = word.ParseArchitecture(a.Qualifier)
	return t, err
}
