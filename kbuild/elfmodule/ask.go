package elfmodule

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mago/debpkg/codec"
	"mago/debpkg/visible"
	"mago/kbuild/proof"
)

// maxAnswers bounds what is known of all modules that are asked about, in bytes; NVIDIA's, the largest known, take a hundredth.
const maxAnswers = 64 << 20

// Ask has a program read the modules in files, by their host paths: run starts one that calls Serve, and waits for its end.
// Errors name the module that could not be read.
func Ask(files []string, run func(stdin io.Reader, stdout io.Writer) error) ([]proof.Module, error) {
	questions := make([]io.Reader, len(files))
	for i, file := range files {
		questions[i] = &question{path: file}
	}
	var answers bounded
	err := run(io.MultiReader(questions...), &answers)
	if answers.over {
		return nil, &codec.LimitError{What: "bytes of names in the modules of one build", Max: maxAnswers}
	}
	modules := make([]proof.Module, len(files))
	decoder := json.NewDecoder(&answers.held)
	for i, file := range files {
		var a answer
		failed := decoder.Decode(&a)
		switch {
		case failed != nil && err == nil:
			err = fmt.Errorf("read what its ELF file says: %w", failed)
		case failed == nil && a.Error != "":
			err = fmt.Errorf("%.500s", visible.Line(a.Error))
		case failed == nil:
			modules[i] = a.Module
			continue
		}
		return nil, fmt.Errorf("module %s: %w", strings.TrimSuffix(filepath.Base(file), ".ko"), err)
	}
	return modules, err
}

// question is a file after its length. It is open while it is read.
type question struct {
	path string
	file *os.File
	io.Reader
}

func (q *question) Read(p []byte) (int, error) {
	if q.Reader == nil {
		if err := q.open(); err != nil {
			return 0, err
		}
	}
	n, err := q.Reader.Read(p)
	if err != nil {
		_ = q.file.Close()
	}
	return n, err
}

func (q *question) open() (err error) {
	if q.file, err = os.Open(q.path); err != nil {
		return err
	}
	info, err := q.file.Stat()
	if err != nil {
		return err
	}
	size := binary.BigEndian.AppendUint64(nil, uint64(info.Size()))
	q.Reader = io.MultiReader(bytes.NewReader(size), q.file)
	return nil
}

// bounded holds up to maxAnswers and refuses more, which ends the program that writes it.
type bounded struct {
	held bytes.Buffer
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.over = b.over || b.held.Len()+len(p) > maxAnswers; b.over {
		return 0, io.ErrShortWrite
	}
	return b.held.Write(p)
}
