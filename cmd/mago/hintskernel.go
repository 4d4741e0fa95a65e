package main

import (
	"errors"
	"fmt"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/word"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

func (a adviser) explainKernel(err error) (int, string) {
	var headers *kernel.HeadersError
	var incomplete *engine.IncompleteHeadersError
	var tool *kernel.ToolError
	var user *sandbox.UserError
	var needs *engine.BuildDepsError
	var dir *engine.KernelDirError
	var reach *sandbox.ReachError
	var arch *kernel.ArchError
	var unavailable *sandbox.UnavailableError
	var failing *sandbox.BrokenError
	var refused *kernel.RefusedError
	var file *kernel.HeaderFileError
	var unshown *engine.UnshownHeadersError
	switch {
	case errors.As(err, &unshown):
		return exitNoKernel, unshown.Hint(a.on)
	case errors.As(err, new(*engine.EvictedHeadersError)):
		return exitNoKernel, "the same command again fetches them"
	case errors.As(err, &unavailable):
		return exitNoTool, a.sandboxHint(unavailable)
	case errors.As(err, &failing):
		return exitError, "this machine failed, not the source: the sandbox does not start, or lacks what every build needs; mend that, then run the same command again"
	case errors.Is(err, sandbox.ErrNoProc):
		return exitNoTool, "run \"mount -t proc proc /proc\" in here"
	case errors.Is(err, sandbox.ErrForeignProc):
		return exitNoTool, "run \"mount -t proc proc /proc\" in here, or begin with \"unshare --fork --pid --mount-proc\""
	case errors.As(err, &arch):
		return exitNoKernel, "run mago on a machine of that kind, or choose another kernel with -l"
	case errors.As(err, &dir):
		return exitNoKernel, dir.Hint(a.on)
	case errors.As(err, &needs):
		return exitNoTool, needs.Hint(a.on)
	case errors.As(err, &reach):
		return exitError, "give mago a directory that everybody may enter, such as -u /var/tmp/mago, or open that one (chmod a+x)"
	case errors.As(err, &file):
		return exitNoKernel, "headers are plain files; mago follows a link out of them where root owns them, or to a file below /usr that everybody may read"
	case errors.As(err, &refused):
		return exitNoKernel, refusedHint(refused)
	case errors.As(err, &headers) && headers.Wrong != nil && !errors.As(headers.Wrong, new(*word.Error)):
		return exitNoKernel, "they may be another machine's, or of another release of Debian: install the headers package of this system, or name others with -k"
	case errors.As(err, &headers) && headers.Wrong != nil:
		return exitNoKernel, "the compiler is the first word of CONFIG_CC_VERSION_TEXT in .config, or CC in .kernelvariables: a plain name such as gcc-12"
	case errors.As(err, &incomplete):
		return exitNoKernel, incomplete.Hint(a.on)
	case errors.As(err, &headers) && headers.Dir != "":
		return exitNoKernel, "name complete ones with -k, or choose another kernel with -l"
	case errors.As(err, &headers):
		return exitNoKernel, fmt.Sprintf(`run "%s"`, a.on.SudoMago("prepare", "-l", headers.Release))
	case errors.As(err, &tool):
		if tool.Package.IsZero() {
			return exitNoTool, "no Debian package has that name: install it yourself, where the build's PATH finds it"
		}
		return exitNoTool, fmt.Sprintf(`run "%s", or "%s"`, a.on.Prepare(), a.on.Apt("install", tool.Package.String()))
	case errors.As(err, new(*sandbox.UnmappedError)):
		return exitNoTool, "run mago outside of it, as a user or as root, or in one that has more users, as /etc/subuid lets containers have them"
	case errors.As(err, &user):
		return exitNoTool, fmt.Sprintf(`run "%s", which adds that user`, a.on.Prepare())
	}
	return 0, ""
}

func (a adviser) explainNoKernel(err error) (int, string) {
	var unknown *engine.NoKernelError
	var noneHere *engine.NoneHereError
	var wide *engine.WideWordError
	var nothing *engine.NothingNextError
	switch {
	case errors.As(err, &unknown):
		return exitNoKernel, unknown.Hint(a.on)
	case errors.As(err, &noneHere):
		return exitNoKernel, noneHere.Hint(a.on)
	case errors.As(err, &nothing):
		return exitNoKernel, nothing.Hint(a.on)
	case errors.As(err, &wide):
		return exitNoKernel, "name the one that you want, such as -l " + wide.Newest
	}
	return 0, ""
}

// refusedHint says which directories of headers builds are shown.
func refusedHint(e *kernel.RefusedError) string {
	if e.From == "" {
		return "put the headers into a directory of their own that only its owner may write to, and name that"
	}
	return "make that Makefile include a kernel source tree that belongs to root, to you or to the owner of the headers, in a directory of its own"
}

// sandboxHint says how another sandbox can be had.
func (a adviser) sandboxHint(e *sandbox.UnavailableError) string {
	switch {
	case e.Kind == sandbox.Auto && e.Root:
		return "mount -t cgroup2 none /sys/fs/cgroup lets mago end all processes of a build; --sandbox user builds without that: use it only for a source that you trust"
	case e.Kind == sandbox.Auto:
		return "root's mago builds as a user of its own; --sandbox user builds with your rights: use it only for a source that you trust"
	case e.Kind == sandbox.Bubblewrap:
		return fmt.Sprintf(`"%s" installs bubblewrap; --sandbox auto takes the first sandbox that works`, a.on.Prepare())
	}
	return "--sandbox auto takes the first sandbox that works"
}
