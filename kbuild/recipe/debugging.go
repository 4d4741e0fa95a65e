package recipe

import (
	"bytes"
	"os"

	"mago/kbuild/foreign"
)

// compilerFlags is the variable in which kbuild takes more flags for C files (the kernel's Documentation/kbuild/kbuild.rst).
const compilerFlags = "KCFLAGS"

// dropSymbols has C files compiled without debugging symbols, for modules that are stripped in the end: a compiler takes an eighth
// less. Where kbuild reads these symbols they are made, and where the source sets the variable itself, or a default for it.
func (w *Workspace) dropSymbols() error {
	source, err := w.Job.Source.open()
	if err != nil {
		return err
	}
	defer source.Close()
	w.noSymbols = !w.Job.Kernel.NeedsDebugging() && !knowsFlags(source)
	return nil
}

// knowsFlags reports whether one of the files that tell how to build a source names the variable, as far as they can be read.
func knowsFlags(source *os.Root) (knows bool) {
	look := func(file string) {
		text, _ := foreign.ReadText(source, file, makefileMax)
		knows = knows || bytes.Contains(text, []byte(compilerFlags))
	}
	look(confFile)
	look(rulesFile)
	eachMakefile(source, look)
	return knows
}
