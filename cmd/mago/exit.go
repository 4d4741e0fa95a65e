package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
)

// The exit codes, as the manual page and README list them.
const (
	exitDone        = 0
	exitError       = 1   // any other error
	exitUsage       = 2   // the command line is wrong
	exitNoModule    = 3   // no such module, or nothing built of it
	exitInTree      = 4   // the module is part of the kernel
	exitNoKernel    = 5   // no such kernel, or no headers for it
	exitNoTool      = 6   // a compiler or another tool is missing
	exitFetch       = 7   // a source could not be fetched, or no signature covers it
	exitSource      = 8   // a source is damaged, unsafe, without a name of its own, or holds nothing to build
	exitRecipe      = 9   // a recipe (dkms.conf, debian/rules, Makefile) is wrong, or its package
	exitBuild       = 10  // a build failed
	exitNotMeant    = 11  // the module is not meant for this kernel
	exitPackages    = 12  // apt or dpkg failed, or would
	exitNotRoot     = 13  // it needs root
	exitBusy        = 14  // another mago, or apt or dpkg, is at it
	exitNoSpace     = 15  // the disk is full
	exitIncomplete  = 16  // status: something is stale or missing
	exitFailed      = 17  // status: what is wanted does not build
	exitUnsigned    = 18  // the kernel would not load it: the machine asks for signed modules
	exitKey         = 19  // the key that signs modules cannot be used
	exitHangup      = 129 // ended by a signal: 128 and its number, as a shell has it
	exitInterrupted = 130
	exitQuit        = 131
	exitPipe        = 141
	exitTerminated  = 143
)

// exitCodes is the table that the manual page prints.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{exitDone, "done, or nothing to do"},
	{exitError, "an error that has no code of its own"},
	{exitUsage, "the command line or the configuration is wrong"},
	{exitNoModule, "no such module, or nothing built of it"},
	{exitInTree, "the module has long been part of the kernel"},
	{exitNoKernel, "no such kernel, or no headers for it"},
	{exitNoTool, "the compiler or another tool is missing"},
	{exitFetch, "a source could not be fetched, or no signature covers it"},
	{exitSource, "a source is damaged, unsafe, without a name of its own, or holds nothing to build"},
	{exitRecipe, "a recipe (dkms.conf, debian/rules, Makefile) cannot be followed, or its package has files that a module may not have"},
	{exitBuild, "a build failed"},
	{exitNotMeant, "the module is not meant for this kernel"},
	{exitPackages, "apt or dpkg failed, or a file of the system conflicts with a package"},
	{exitNotRoot, "the command needs root"},
	{exitBusy, "another process has the lock: another mago, or, with --wait=DURATION, apt or dpkg"},
	{exitNoSpace, "the disk is full, or the file that output goes to"},
	{exitIncomplete, "status: something is stale or missing, or is not loaded by its kernel"},
	{exitFailed, "status: a module that is wanted does not build"},
	{exitUnsigned, "the kernel would not load the module: it requires signed modules, or has signed ones of the name; or the configuration requires a key"},
	{exitKey, "the key that signs modules cannot be used: passphrase, dates, who may read it, its certificate"},
	{exitHangup, "ended by SIGHUP: its terminal has gone"},
	{exitInterrupted, "ended by Ctrl-C (SIGINT)"},
	{exitQuit, "ended by SIGQUIT"},
	{exitPipe, "ended because nobody reads its output any more (SIGPIPE)"},
	{exitTerminated, "ended by SIGTERM"},
}

// statusError carries only the exit code of status; the table has already been printed.
type statusError struct{ code int }

func (e *statusError) Error() string { return "" }

// report prints an error with its hint and gives the exit code. Output that could not be written is an error, too.
func report(ctx context.Context, stdout *stream, stderr io.Writer, err error) int {
	if err != nil && ctx.Err() != nil || errors.As(context.Cause(ctx), new(*interruption)) { // also where dpkg was left to finish
		return reportInterruption(ctx, stderr, err)
	}
	var status *statusError
	if err == nil || errors.As(err, &status) {
		err = cmp.Or(stdout.failed(), err)
	}
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &status):
		return status.code
	}
	return tell(stderr, err)
}

// tell prints an error and what to do next.
func tell(stderr io.Writer, err error) (code int) {
	code, hint := explain(err)
	complain(stderr, "mago: "+engine.OneLine(err))
	for line := range strings.SplitSeq(hint, "\n") {
		if line = strings.TrimSpace(visible.Line(line)); line != "" {
			complain(stderr, "mago: hint: "+visible.Middle(line, engine.MaxMessage))
		}
	}
	return code
}

// complain prints a line that begins with mago's name; on a terminal it is broken between words.
func complain(stderr io.Writer, line string) {
	if s, ok := stderr.(*stream); ok {
		line = s.wrapped(line, errorIndent)
	}
	fmt.Fprintln(stderr, line)
}

// errorIndent is where the text of an error begins.
const errorIndent = len("mago: ")

// reportPanic reports a mistake of mago's own; Go's own report would pass on foreign text.
func reportPanic(stderr io.Writer, cause any, stack []byte) int {
	fmt.Fprintf(stderr, "mago: panic: %s\n%s", visible.Line(fmt.Sprint(cause)), stack)
	return exitError
}
