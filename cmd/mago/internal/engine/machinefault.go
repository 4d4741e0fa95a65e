package engine

import (
	"errors"
	"mago/debpkg/apt"
	"mago/debpkg/visible"
	"mago/kbuild/recipe"
	"strings"
	"syscall"
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
