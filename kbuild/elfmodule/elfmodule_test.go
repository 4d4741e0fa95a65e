package elfmodule

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mago/cmd/lab/oracle"
	"mago/debpkg/word"
)

// object is an ELF object with one section of that name and content.
func object(kind elf.Type, name, content string) []byte {
	const header, section = 64, 64
	names := "\x00" + name + "\x00.shstrtab\x00"
	at := uint64(header)
	var out bytes.Buffer
	write := func(v any) { binary.Write(&out, binary.LittleEndian, v) }
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	write(elf.Header64{
		Ident: ident, Type: uint16(kind), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: header,
		Shoff: at + uint64(len(content)+len(names)), Shentsize: section, Shnum: 3, Shstrndx: 2,
	})
	out.WriteString(content + names)
	write(elf.Section64{})
	write(elf.Section64{Name: 1, Type: uint32(elf.SHT_PROGBITS), Off: at, Size: uint64(len(content))})
	write(elf.Section64{Name: uint32(len(name) + 2), Type: uint32(elf.SHT_STRTAB), Off: at + uint64(len(content)), Size: uint64(len(names))})
	return out.Bytes()
}

const modinfoText = "license=GPL\x00parmtype=a:int\x00vermagic=6.1.0-56-amd64 SMP preempt mod_unload modversions \x00name=hello\x00"

func TestReadModinfo(t *testing.T) {
	info, err := Read(bytes.NewReader(object(elf.ET_REL, ".modinfo", modinfoText)))
	if err != nil || info.Vermagic != "6.1.0-56-amd64 SMP preempt mod_unload modversions " {
		t.Fatalf("got %+v, %v", info, err)
	}
}

func TestReadModinfoRefuses(t *testing.T) {
	good := object(elf.ET_REL, ".modinfo", modinfoText)
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"empty":      {nil, "not an ELF object"},
		"text":       {[]byte("#!/bin/sh\necho"), "not an ELF object"},
		"cut off":    {good[:100], "not an ELF object"},
		"a program":  {object(elf.ET_EXEC, ".modinfo", modinfoText), "no .modinfo section"},
		"no section": {object(elf.ET_REL, ".other", modinfoText), "no .modinfo section"},
		"a name":     {object(elf.ET_REL, ".modinfo", "name=a b\x00"), `module name "a b": `},
		"depends":    {object(elf.ET_REL, ".modinfo", "depends=a,../b\x00"), `module name "../b": `},
	} {
		t.Run(name, func(t *testing.T) {
			info, err := Read(bytes.NewReader(test.data))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want %q", info, err, test.want)
			}
		})
	}
}

func FuzzReadModinfo(f *testing.F) {
	f.Add(object(elf.ET_REL, ".modinfo", modinfoText))
	f.Add(object(elf.ET_REL, ".modinfo", "vermagic="))
	f.Add(object(elf.ET_DYN, ".modinfo", modinfoText))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := Read(bytes.NewReader(data))
		if err == nil && info.Vermagic != "" && !bytes.Contains(data, []byte("vermagic="+info.Vermagic)) {
			t.Errorf("vermagic %q comes from nowhere", info.Vermagic)
		}
	})
}

// FuzzReadModinfoAgreesWithModinfo: of what both read, modinfo(8) gives the same vermagic and the same needed modules.
func FuzzReadModinfoAgreesWithModinfo(f *testing.F) {
	program, err := exec.LookPath("modinfo")
	if err != nil {
		program, err = exec.LookPath("/sbin/modinfo")
	}
	if err != nil {
		f.Skip("program modinfo is missing")
	}
	f.Add("vermagic=6.1.0-9-amd64 SMP mod_unload modversions \x00name=hello\x00depends=\x00")
	f.Add("vermagic=a\x00vermagic=b\x00\x00\x00depends=x,y_z\x00")
	f.Add("vermagic\x00=\x00depends=,a,,b")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "hello.ko")
		data := object(elf.ET_REL, ".modinfo", text)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		info, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for field, got := range map[string]string{"vermagic": info.Vermagic, "depends": word.Join(info.Depends, ",")} {
			var out strings.Builder
			cmd := exec.Command(program, "-F", field, path)
			cmd.Stdout = &out
			if oracle.Run(t, cmd) != nil || out.Len() == 0 {
				continue
			}
			values := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			want := values[len(values)-1]
			if field == "depends" {
				want = strings.Join(strings.FieldsFunc(want, func(r rune) bool { return r == ',' }), ",")
			}
			if got != want && !strings.ContainsRune(text, '\n') {
				t.Errorf("%s is %q, by modinfo %q", field, got, out.String())
			}
		}
	})
}
