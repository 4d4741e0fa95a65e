package signing

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestUnsigned(t *testing.T) {
	module, signature := read(t, "module.ko"), read(t, "sha256.signature")
	signed := slices.Concat(module, signature)
	twice := slices.Concat(signed, signature)
	for name, c := range map[string]struct {
		file   []byte
		length int
	}{
		"unsigned": {module, len(module)}, "signed": {signed, len(module)}, "signed twice": {twice, len(signed)},
		"empty": {nil, 0}, "cut": {signed[:len(signed)-1], len(signed) - 1},
	} {
		length, message, err := Unsigned(bytes.NewReader(c.file), int64(len(c.file)))
		if err != nil || int(length) != c.length || (message != nil) != (c.length < len(c.file)) {
			t.Errorf("%s: %d, %v", name, length, err)
		}
	}
	for name, change := range map[string]func([]byte){
		"another type":   func(b []byte) { b[len(b)-len(mark)-trailerLen+2] = 1 },
		"a great length": func(b []byte) { b[len(b)-len(mark)-4] = 0xff },
	} {
		damaged := slices.Clone(signed)
		change(damaged)
		if length, _, err := Unsigned(bytes.NewReader(damaged), int64(len(damaged))); !errors.As(err, new(*SignatureError)) {
			t.Errorf("%s: %d, %v", name, length, err)
		}
	}
}

func TestStrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hello.ko")
	if err := os.WriteFile(path, slices.Concat(read(t, "module.ko"), read(t, "sha256.signature")), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for range 2 {
		if err := Strip(file); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); !bytes.Equal(got, read(t, "module.ko")) {
			t.Errorf("%d bytes left", len(got))
		}
	}
}

func FuzzUnsigned(f *testing.F) {
	f.Add(slices.Concat(read(f, "module.ko"), read(f, "sha256.signature")))
	f.Add([]byte(mark))
	f.Fuzz(func(t *testing.T, file []byte) {
		length, message, err := Unsigned(bytes.NewReader(file), int64(len(file)))
		if err == nil && (length < 0 || int(length)+len(message) > len(file)) {
			t.Errorf("%d and %d of %d bytes", length, len(message), len(file))
		}
	})
}
