package engine

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"mago/debpkg/apt"
	"mago/debpkg/visible"
	"mago/kbuild"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
	"mago/sources/way"
)

// DiskFull also looks at what other programs said of it.
func DiskFull(err error) bool {
	var compile *recipe.CompileError
	if errors.As(err, &compile) && compile.Cause.Kind == recipe.CauseScratch {
		return false
	}
	told := err.Error() + Said(err)
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || strings.Contains(told, "No space left on device") || strings.Contains(told, "Disk quota exceeded")
}

// Said is what another program wrote before it failed.
func Said(err error) string {
	var fetch *apt.FetchError
	var compile *recipe.CompileError
	var tool *apt.ToolError
	switch {
	case errors.As(err, &fetch):
		return fetch.Output
	case errors.As(err, &compile):
		return compile.Message
	case errors.As(err, &tool):
		return tool.Stderr
	}
	return ""
}

// Hints has several hints after one another.
func Hints(lines ...string) string {
	for i, line := range lines {
		lines[i] = visible.Line(line)
	}
	return strings.Join(lines, "\n")
}

// isMachinesFault tells a compilation that this machine failed from one that failed by what the source brought.
func isMachinesFault(err error) bool {
	var tool *kernel.ToolError
	var headers *kernel.HeadersError
	var arch *kernel.ArchError
	var reach *sandbox.ReachError
	var unavailable *sandbox.UnavailableError
	var failing *sandbox.BrokenError
	var refused *kernel.RefusedError
	var file *kernel.HeaderFileError
	var pack *PackError
	var changed *way.ChangedError
	var unsigned *kbuild.SignError
	return DiskFull(err) || errors.As(err, &changed) || Broken(err) || CauseOf(err).OfMachine() || errors.Is(err, fs.ErrPermission) || errors.As(err, &tool) || errors.As(err, &headers) ||
		errors.As(err, &arch) || errors.As(err, &reach) || errors.As(err, &unavailable) || errors.As(err, &failing) || errors.As(err, &refused) || errors.As(err, &file) || errors.As(err, &pack) || errors.As(err, &unsigned)
}

// Broken reports whether the machine has run out of something, or a disk cannot be read or written.
func Broken(err error) bool {
	return slices.ContainsFunc([]syscall.Errno{syscall.EIO, syscall.EROFS, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.EFBIG},
		func(e syscall.Errno) bool { return errors.Is(err, e) }) || strings.Contains(Said(err), "Input/output error")
}
