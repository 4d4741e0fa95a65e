package initramfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/codec"
)

// archive is a cpio archive with these files, each of which holds its own name several times.
func archive(names ...string) []byte {
	var out bytes.Buffer
	for _, name := range append(names, trailer) {
		content := strings.Repeat(name, len(name)%7)
		if name == trailer {
			content = ""
		}
		fields := []any{magic, 1, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0}
		fmt.Fprintf(&out, "%s"+strings.Repeat("%08X", 13), fields...)
		out.WriteString(name + "\x00")
		pad(&out)
		out.WriteString(content)
		pad(&out)
	}
	return out.Bytes()
}

func pad(out *bytes.Buffer) {
	for out.Len()%4 != 0 {
		out.WriteByte(0)
	}
}

// through is what a program makes of its input.
func through(t testing.TB, in []byte, argv ...string) []byte {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("%q: %v", argv, err)
	}
	return out
}

func listed(in []byte) (names []string, err error) {
	err = List(bytes.NewReader(in), func(name string) { names = append(names, name) })
	return names, err
}

var (
	early  = archive("kernel/x86/microcode/GenuineIntel.bin")
	plain  = archive("usr/lib/modules/6.12/kernel/a.ko.xz", "usr/lib/firmware/b.zst")
	root   = archive(".", "usr", "usr/lib/modules/6.1/kernel/drivers/net/dummy.ko", "init")
	filler = make([]byte, 512)
)

var earlyNames, plainNames, rootNames = []string{"kernel/x86/microcode/GenuineIntel.bin"}, []string{"usr/lib/modules/6.12/kernel/a.ko.xz", "usr/lib/firmware/b.zst"},
	[]string{".", "usr", "usr/lib/modules/6.1/kernel/drivers/net/dummy.ko", "init"}

// What initramfs-tools and dracut make: archives one behind the other, the last ones compressed.
func TestList(t *testing.T) {
	all := slices.Concat(earlyNames, plainNames, rootNames)
	for name, c := range map[string]struct {
		image []byte
		want  []string
	}{
		"plain":               {root, rootNames},
		"checksums":           {bytes.ReplaceAll(root, []byte(magic), []byte(summed)), rootNames},
		"two":                 {slices.Concat(early, filler, root, filler), slices.Concat(earlyNames, rootNames)},
		"without a name":      {archive(""), []string{""}},
		"large":               {archive(strings.Repeat("x", maxName-1)), []string{strings.Repeat("x", maxName-1)}},
		"two in one stream":   {through(t, slices.Concat(early, filler, root), "zstd", "-c"), slices.Concat(earlyNames, rootNames)},
		"gzip, as Debian 11":  {through(t, root, "gzip", "-c"), rootNames},
		"zstd, as Debian 12":  {slices.Concat(early, filler, through(t, root, "zstd", "-q", "-19", "-T0", "-c")), slices.Concat(earlyNames, rootNames)},
		"three, as Debian 13": {slices.Concat(early, filler, plain, filler, through(t, root, "zstd", "-q", "-9", "-T0", "-c")), all},
		"xz":                  {slices.Concat(early, through(t, root, "xz", "--check=crc32", "-c")), slices.Concat(earlyNames, rootNames)},
		"bzip2":               {through(t, root, "bzip2", "-c"), rootNames},
		"lzma":                {through(t, root, "xz", "--format=lzma", "-c"), rootNames},
		"lz4":                 {slices.Concat(early, filler, through(t, root, "lz4", "-9", "-l", "-c")), slices.Concat(earlyNames, rootNames)},
	} {
		if got, err := listed(c.image); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
}

// Of what is no image, or not all of one, nobody can say what is not in it.
func TestListRefuses(t *testing.T) {
	packed := through(t, root, "zstd", "-q", "-c")
	long := through(t, slices.Concat(root, make([]byte, 20<<20)), "lz4", "-l", "-c")
	for name, c := range map[string]struct {
		image []byte
		want  string
	}{
		"nothing":          {nil, "no archive"},
		"zeros":            {filler, "no archive"},
		"a stream of none": {through(t, nil, "gzip", "-c"), "gzip stream: no archive"},
		"text":             {[]byte("hello\n"), `archive 1: neither cpio nor compressed: "hello\n"`},
		"text behind":      {slices.Concat(root, []byte("hello\n")), `archive 2: neither cpio nor compressed: "hello\n"`},
		"cut":              {root[:len(root)-130], "unexpected EOF"},
		"no trailer":       {root[:bytes.Index(root, []byte(trailer))-headSize], "unexpected EOF"},
		"a cut stream":     {packed[:len(packed)-9], "zstd stream"},
		"cut lz4":          {long[:len(long)-9], "lz4 stream: unexpected EOF"},
		"more lz4":         {slices.Concat(through(t, root, "lz4", "-l", "-c"), []byte("\x01\x00\x00\x00x")), "lz4 stream: a block behind the last"},
		"a bad lz4 block":  {[]byte(legacyMagic + "\xff\xff\xff\xff"), "lz4 stream: a block of 4294967295 bytes"},
		"twice compressed": {through(t, packed, "gzip", "-c"), "gzip stream: another compressed stream within"},
		"an old format":    {[]byte("070707" + strings.Repeat("0", headSize)), "neither cpio"},
		"another entry":    {slices.Concat(root[:116], bytes.Replace(root[116:], []byte(magic), []byte("070708"), 1)), `no entry begins with "070708"`},
		"no digits":        {bytes.Replace(root, []byte("00000002"+"00000000"), []byte("zzzzzzzz"+"00000000"), 1), `parsing "zzzzzzzz"`},
		"a long name":      {archive(strings.Repeat("x", maxName)), "a name of 4097 bytes"},
		"a name too long":  {[]byte(strings.Replace(string(archive("x")), "x\x00", "xx", 1)), `a name without an end: "xx"`},
	} {
		_, err := listed(c.image)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// What a stream unpacks to is bounded.
func TestListBounds(t *testing.T) {
	image := through(t, slices.Concat(root, make([]byte, 20<<20)), "zstd", "-q", "-c")
	err := listUpTo(16<<20, bytes.NewReader(image), func(string) {})
	if limit := (*codec.LimitError)(nil); !errors.As(err, &limit) || limit.Max != 16<<20 {
		t.Errorf("%d bytes that unpack to more than 16 MiB: %v", len(image), err)
	}
}

// busybox reads what is written here, and its archives are read.
func TestListAsCpio(t *testing.T) {
	if got := strings.Fields(string(through(t, root, "busybox", "cpio", "-t"))); !slices.Equal(got, rootNames) {
		t.Errorf("cpio lists %q", got)
	}
	dir := t.TempDir()
	for _, name := range []string{"a", "bb", "ccc", "dddd"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat(name, len(name))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	made := through(t, []byte(dir), "sh", "-c", `read -r dir; cd "$dir" && find . | sort | busybox cpio -o -H newc`)
	if got, err := listed(made); err != nil || !slices.Equal(got, []string{".", "./a", "./bb", "./ccc", "./dddd"}) && !slices.Equal(got, []string{".", "a", "bb", "ccc", "dddd"}) {
		t.Errorf("of cpio's archive %q, %v", got, err)
	}
}

// FuzzList: whatever the image, listing it neither panics nor runs away, gives names that files can have, and loses no error.
func FuzzList(f *testing.F) {
	for _, seed := range [][]byte{root, slices.Concat(early, filler, through(f, root, "zstd", "-q", "-c")), through(f, root, "lz4", "-l", "-c"), through(f, root, "gzip", "-c"), root[:200]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if codec.Detect(in) == codec.LZMA {
			t.Skip("decoded by another program")
		}
		broken := errors.New("broken")
		err := List(io.MultiReader(bytes.NewReader(in), failing{broken}), func(name string) {
			if len(name) >= maxName || strings.Contains(name, "\x00") {
				t.Errorf("name %q", name)
			}
		})
		if err == nil {
			t.Error("a read error was lost")
		}
	})
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }
