package recipe

import (
	"errors"
	"strings"
)

// kernelsOwn are lines of kbuild where it was called without M=: it sets out to configure the kernel itself, which it never does
// for a module.
var kernelsOwn = pattern(`^  SYNC +include/config/auto\.conf|: (?:include/config/auto\.conf\S*|outputmakefile|scripts_basic|syncconfig)\] Error `)

func isKernelsOwn(line string) bool {
	return (strings.HasPrefix(line, "  SYNC") || strings.HasPrefix(line, "make")) && kernelsOwn().MatchString(line)
}

// branches are a Makefile's conditions on KERNELRELEASE, by which it tells kbuild's call from make's.
var branches = pattern(`(?m)^\s*if(?:n?eq\s*\(?\s*["']?\$[({]KERNELRELEASE[)}]|n?def\s+KERNELRELEASE\b)`)

// noTarget is what make says where the rules of a Makefile are in the other branch.
var noTarget = pattern(`\*\*\* No (?:targets|rule to make target '[^'/]*')\.  Stop\.$`)

// nothingMade says that a build has ended well and made no module.
type nothingMade string

func (e nothingMade) Error() string { return string(e) }

// explainBranch gives the cause where MAKE has built nothing because dkms hands KERNELRELEASE to a directive that begins with
// make, and the Makefile takes that for kbuild's.
func (b *dkmsBuild) explainBranch(err error) error {
	var compile *CompileError
	switch {
	case err == nil || !b.takesBranch():
	case errors.As(err, &compile) && compile.Step == "MAKE" && noTarget().MatchString(compile.Message):
		compile.Cause = Cause{Kind: CauseBranch}
	case compile == nil && errors.As(err, new(nothingMade)):
		return &CompileError{Step: "MAKE", Message: err.Error(), Cause: Cause{Kind: CauseBranch}, Err: err}
	}
	return err
}

func (b *dkmsBuild) takesBranch() bool {
	command := b.conf.MakeCommand()
	if !strings.HasPrefix(command, "make") || strings.Contains(command, "-C") || strings.Contains(command, "M=") {
		return false
	}
	source, err := b.files.OpenRoot(b.build)
	if err != nil {
		return false
	}
	defer source.Close()
	top := readMakefile(source, "Makefile")
	return top != nil && branches().MatchString(top.text)
}
