package engine

import (
	"bytes"
	"io"
)

// unitOutput passes on what the programs of one unit print, in whole lines that begin with its name: other units' come between them.
type unitOutput struct {
	to   io.Writer
	name string
	part []byte // of a line that has not ended
}

// maxOutputLine bounds what is kept of a line without an end.
const maxOutputLine = 64 << 10

// outputOf is where a unit's programs print.
func (bu *builder) outputOf(u unit) (to io.Writer, end func() error) {
	if !bu.known.several.Load() {
		return bu.Output, func() error { return nil }
	}
	o := &unitOutput{to: bu.Output, name: u.name + " " + u.Kernel.Release}
	return o, o.Close
}

func (o *unitOutput) Write(p []byte) (int, error) {
	o.part = append(o.part, p...)
	end := bytes.LastIndexByte(o.part, '\n') + 1
	if end == 0 && len(o.part) < maxOutputLine {
		return len(p), nil
	} else if end == 0 {
		end = len(o.part)
	}
	lines := o.part[:end]
	o.part = bytes.Clone(o.part[end:])
	return len(p), o.pass(lines)
}

// Close passes on a last line that has no end.
func (o *unitOutput) Close() error {
	if len(o.part) == 0 {
		return nil
	}
	return o.pass(o.part)
}

func (o *unitOutput) pass(lines []byte) error {
	var text bytes.Buffer
	for line := range bytes.Lines(lines) {
		text.WriteString(o.name + ": ")
		text.Write(bytes.TrimSuffix(line, []byte("\n")))
		text.WriteByte('\n')
	}
	_, err := o.to.Write(text.Bytes())
	return err
}
