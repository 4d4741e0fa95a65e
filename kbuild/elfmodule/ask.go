package elfmodule

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
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
	questions, ask := io.Pipe()
	answers, tell := io.Pipe()
	ended := make(chan error, 1)
	go func() { _ = ask.CloseWithError(send(ask, files)) }()
	go func() {
		err := run(questions, tell)
		ended <- errors.Join(err, questions.Close(), tell.CloseWithError(err))
	}()
	modules, err := receive(answers, files)
	_ = answers.Close() // which ends the program
	return modules, cmp.Or(err, <-ended)
}

// send writes each file after its length.
func send(to io.Writer, files []string) error {
	for _, path := range files {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err == nil {
			err = binary.Write(to, binary.BigEndian, uint64(info.Size()))
		}
		if err == nil {
			_, err = io.Copy(to, file)
		}
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// receive reads as many answers as there are files.
func receive(answers io.Reader, files []string) ([]proof.Module, error) {
	modules := make([]proof.Module, len(files))
	decoder := json.NewDecoder(codec.Limit(answers, maxAnswers))
	for i, file := range files {
		var a answer
		err := decoder.Decode(&a)
		if err != nil {
			err = fmt.Errorf("read what its ELF file says: %w", err)
		} else if a.Error != "" {
			err = fmt.Errorf("%.500s", visible.Line(a.Error))
		}
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", strings.TrimSuffix(filepath.Base(file), ".ko"), err)
		}
		modules[i] = a.Module
	}
	return modules, nil
}
