package recipe

import (
	"bytes"
	"path"
	"regexp"

	"mago/debpkg/visible"
)

// Progress says how far a compilation is.
type Progress struct {
	Files int    // compiled so far
	File  string // the one at hand, below the build directory
}

// progressWriter reads what make prints: it counts kbuild's compile lines, and keeps the first error and the last words.
type progressWriter struct {
	event   func(Progress)
	files   int
	partial []byte
	errors  firstError
	words   lastWords
	unseen  unseen
	lacks   Cause // the first program that was not found
	kernels bool  // whether kbuild has begun with the kernel itself
}

// compileLine is kbuild's short form (scripts/Kbuild.include, quiet_cmd): two blanks, a verb, [M] for modules.
var compileLine = regexp.MustCompile(`^  (?:CC|CXX|AS|HOSTCC|RUSTC)(?: \[M\])? +(\S+)`)

// maxLine bounds what is kept of a line without an end.
const maxLine = 64 << 10

func (w *progressWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		line, rest, ended := bytes.Cut(p, []byte("\n"))
		if len(w.partial) < maxLine {
			w.partial = append(w.partial, line...)
		}
		if ended {
			w.line(w.partial)
			w.partial = w.partial[:0]
		}
		p = rest
	}
	return n, nil
}

// close takes a last line that has no end.
func (w *progressWriter) close() {
	if len(w.partial) > 0 {
		w.line(w.partial)
		w.partial = nil
	}
}

func (w *progressWriter) line(line []byte) {
	text := shownLine(string(line))
	w.errors.see(text)
	w.words.see(text)
	w.unseen.see(text)
	if w.lacks.Kind == "" {
		w.lacks = missingProgram(text)
	}
	w.kernels = w.kernels || isKernelsOwn(text)
	if !bytes.HasPrefix(line, []byte("  ")) {
		return // cheaper than the pattern, and true of most of what a chatty build prints
	}
	m := compileLine.FindSubmatch(line)
	if m == nil {
		return
	}
	w.files++
	if w.event != nil {
		w.event(Progress{Files: w.files, File: visible.Line(path.Base(string(m[1])))})
	}
}
