package debpkg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mago/debpkg/codec"
)

// allocated is how many bytes do allocates on the heap, those already freed included.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// sparseControl is an archive, by tar(1), of a file control that is one hole of a terabyte.
func sparseControl(t *testing.T, version string) string {
	t.Helper()
	needs(t, "tar")
	dir := t.TempDir()
	hole := filepath.Join(dir, "control")
	writeFile(t, hole, "")
	if err := os.Truncate(hole, 1<<40); err != nil {
		t.Skip("no file of a terabyte: ", err)
	}
	cmd := exec.Command("tar", "--format=posix", "--sparse", "--sparse-version="+version, "-cf", "-", "control")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// packedZeros is a bomb: size zero bytes, compressed.
func packedZeros(t *testing.T, format codec.Format, size int64) string {
	t.Helper()
	var out bytes.Buffer
	w, err := codec.NewWriter(&out, format, 1)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range size >> 20 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestOpenStopsBombs: small packages that would be large in memory stop at a limit that the error names.
func TestOpenStopsBombs(t *testing.T) {
	version, data := arMember("debian-binary", "2.0\n"), arMember("data.tar", "")
	control := func(text string) string { return arMember("control.tar", string(controlTarOf(t, "control", text))) }
	const archive = `control.tar: entry "control": more than 16777216 bytes`
	for name, test := range map[string]struct {
		members []string
		want    string
	}{
		"zstd":            {[]string{version, arMember("control.tar.zst", packedZeros(t, codec.Zstd, 256<<20)), data}, "control.tar.zst: more than 16777216 bytes"},
		"gzip":            {[]string{version, arMember("control.tar.gz", packedZeros(t, codec.Gzip, 64<<20)), data}, "control.tar.gz: more than 16777216 bytes"},
		"sparse 0.0":      {[]string{version, arMember("control.tar", sparseControl(t, "0.0")), data}, archive},
		"sparse 0.1":      {[]string{version, arMember("control.tar", sparseControl(t, "0.1")), data}, archive},
		"sparse 1.0":      {[]string{version, arMember("control.tar", sparseControl(t, "1.0")), data}, archive},
		"members":         {[]string{version, strings.Repeat(arMember("_x", ""), 1_000_000)}, "x.deb: more than 100 members"},
		"long paragraph":  {[]string{version, control(golden + strings.Repeat(" x", 1<<20)), data}, "more than 524288 bytes in a paragraph"},
		"many lines":      {[]string{version, control(golden + strings.Repeat(" x\n", 100_000)), data}, "more than 4000 lines in a paragraph"},
		"long ar numbers": {[]string{version, arHeader("control.tar", "100644", "9999999999", "`\n")}, "goes beyond the end"},
	} {
		t.Run(name, func(t *testing.T) {
			path := deb{}.write(t, test.members...)
			var err error
			took := allocated(func() { _, err = Open(path) })
			var format *FormatError
			if !errors.As(err, &format) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
			if strings.Contains(test.want, "more than") && !errors.As(err, new(*codec.LimitError)) {
				t.Errorf("no LimitError: %v", err)
			}
			if took > 256<<20 {
				t.Errorf("%d bytes allocated", took)
			}
		})
	}
}

// TestDataIsStreamed: however long the data member becomes, it does not lie in memory.
func TestDataIsStreamed(t *testing.T) {
	d := newDeb(t)
	path := deb{}.write(t, arMember("debian-binary", "2.0\n"), arMember("control.tar", string(d.control)), arMember("data.tar.zst", packedZeros(t, codec.Zstd, 1<<30)))
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	var n int64
	took := allocated(func() { n, err = io.Copy(io.Discard, data) })
	if n != 1<<30 || err != nil || took > 64<<20 {
		t.Errorf("%d bytes, %v; %d bytes allocated", n, err, took)
	}
}
