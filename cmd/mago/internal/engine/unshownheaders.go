package engine

import (
	"context"
	"fmt"
	"strings"

	"mago/kbuild/sandbox"
)

// UnshownHeadersError says that a sandbox cannot show headers that are not installed.
type UnshownHeadersError struct {
	Releases []string
	Sandbox  sandbox.Sandbox
	Auto     bool // whether the sandbox that auto takes shows them, and another one was asked for
}

func (e *UnshownHeadersError) Error() string {
	return fmt.Sprintf("headers of kernel %s are not installed, and the sandbox cannot show others: %s", InWords(e.Releases, 2), e.Sandbox)
}

// Hint leaves out what would not help: bubblewrap makes namespaces, too.
func (e *UnshownHeadersError) Hint(on System) string {
	if e.Auto {
		return "the sandbox that --sandbox auto takes here shows them"
	}
	hint := fmt.Sprintf(`run "%s", which installs them`, on.SudoMago("prepare", "-l", strings.Join(e.Releases, ",")))
	if e.Sandbox.Lacks {
		hint += fmt.Sprintf(`, or "%s"`, on.Apt("install", "bubblewrap"))
	}
	return hint
}

// canShow gives an error where the sandbox of builds shows no headers but installed ones.
func (hc *headerCache) canShow(ctx context.Context, releases []string) error {
	chosen, err := hc.confs.chooseSandbox(ctx)
	if err != nil || chosen.Shows() {
		return err
	}
	e := &UnshownHeadersError{Releases: releases, Sandbox: chosen}
	if hc.Sandbox != "" && hc.Sandbox != sandbox.Auto {
		other, err := hc.confs.findSandbox(ctx, sandbox.Auto, hc.Limits)
		e.Auto, e.Sandbox.Lacks = err == nil && other.Shows(), err == nil && other.Lacks
	}
	return e
}
