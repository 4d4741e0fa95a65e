package elfmodule

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"mago/debpkg/codec"
)

// write puts modules into files m0.ko, m1.ko and so on.
func write(t *testing.T, modules ...[]byte) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for i, m := range modules {
		files = append(files, filepath.Join(dir, fmt.Sprintf("m%d.ko", i)))
		if err := os.WriteFile(files[i], m, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestAsk(t *testing.T) {
	first := made{modinfo: modinfoText + "depends=a,b-c\x00", wants: []string{"x"}, gives: map[string]uint32{"y": 1}, versions: versionRecords(map[string]uint32{"x": 2})}
	second := object(elf.ET_REL, ".modinfo", modinfoText)
	got, err := Ask(write(t, first.bytes(), second), Serve)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	for i, data := range [][]byte{first.bytes(), second} {
		if want, _ := Read(strings.NewReader(string(data))); !reflect.DeepEqual(got[i], want) {
			t.Errorf("got  %+v\nwant %+v", got[i], want)
		}
	}
}

// TestAskFails: the error names the module that could not be read, however the reading program fails.
func TestAskFails(t *testing.T) {
	files := write(t, object(elf.ET_REL, ".modinfo", modinfoText), []byte("#!/bin/sh\n"))
	ended := errors.New("it held too much")
	says := func(text string) func(io.Reader, io.Writer) error {
		return func(_ io.Reader, out io.Writer) error { _, err := io.WriteString(out, text); return err }
	}
	for want, run := range map[string]func(io.Reader, io.Writer) error{
		"module m1: not an ELF object: EOF":                        Serve,
		"module m0: read what its ELF file says: it held too much": func(io.Reader, io.Writer) error { return ended },
		"module m1: read what its ELF file says: it held too much": func(in io.Reader, out io.Writer) error {
			return errors.Join(says("{}")(in, out), ended)
		},
		"module m1: read what its ELF file says: EOF":                 says("{}"),
		"module m0: read what its ELF file says: invalid character":   says("hello"),
		`module m0: read what its ELF file says: module name "a b": `: says(`{"Module":{"Depends":["a b"]}}`),
		"module m0: �[2J": says(`{"Error":"\u001b[2J"}`),
	} {
		if got, err := Ask(files, run); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %+v, %v\nwant %s", got, err, want)
		}
	}
	if _, err := Ask(append(files, "/no/such.ko"), func(in io.Reader, _ io.Writer) error { _, err := io.ReadAll(in); return err }); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

// TestAskBounds what is known of all modules together: the program that tells more is ended.
func TestAskBounds(t *testing.T) {
	name := []byte(`"` + strings.Repeat("x", 1<<20) + `",`)
	_, err := Ask(write(t, nil), func(_ io.Reader, out io.Writer) error {
		_, err := io.WriteString(out, `{"Module":{"Wants":[`)
		for err == nil {
			_, err = out.Write(name)
		}
		return err
	})
	var limit *codec.LimitError
	if !errors.As(err, &limit) || limit.Max != maxAnswers {
		t.Errorf("got %v", err)
	}
}
