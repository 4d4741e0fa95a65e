package elfmodule

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"mago/kbuild/proof"
)

// Job is the argument that has a program call Serve.
const Job = "read-modules"

// answer is what is found out of one module.
type answer struct {
	Module proof.Module
	Error  string // why it cannot be read; "": it can
}

// Serve reads modules from in, each after its length, until the end. It answers each in JSON.
func Serve(in io.Reader, out io.Writer) error {
	answers := json.NewEncoder(out)
	for {
		var size uint64
		err := binary.Read(in, binary.BigEndian, &size)
		if errors.Is(err, io.EOF) {
			return nil
		}
		module := make([]byte, size)
		if err == nil {
			_, err = io.ReadFull(in, module)
		}
		if err == nil {
			err = answers.Encode(serve(module))
		}
		if err != nil {
			return err
		}
	}
}

func serve(module []byte) (a answer) {
	defer func() {
		if cause := recover(); cause != nil { // debug/elf does not promise to bear everything
			a = answer{Error: fmt.Sprint("not an ELF object: ", cause)}
		}
	}()
	m, err := Read(bytes.NewReader(module))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Module: m}
}
