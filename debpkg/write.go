package debpkg

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"

	"mago/debpkg/codec"
)

// Write writes dir/<Package>_<Version without epoch>_<Architecture>.deb and returns its path. The file appears under
// its name only when whole and on disk; an error leaves nothing behind. Equal inputs give equal bytes.
func Write(dir string, p *Package, o Options) (path string, err error) {
	path, err = write(dir, p, o)
	if err != nil {
		return "", fmt.Errorf("write package %s: %w", p.field("Package"), err)
	}
	return path, nil
}

func write(dir string, p *Package, o Options) (string, error) {
	path := filepath.Join(dir, p.fileName())
	out, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644), renameio.WithTempDir(dir))
	if err != nil {
		return "", err
	}
	defer out.Cleanup()
	if err := encode(out.File, p, o, dir); err != nil {
		return "", err
	}
	return path, out.CloseAtomicallyReplace()
}

// Encode writes a package to w. Equal inputs give equal bytes. The data member waits in a temporary file without a name until
// its checksums, which come before it, are known.
func Encode(w io.Writer, p *Package, o Options) error {
	if err := encode(w, p, o, ""); err != nil {
		return fmt.Errorf("write package %s: %w", p.field("Package"), err)
	}
	return nil
}

func encode(w io.Writer, p *Package, o Options, temp string) error {
	files, err := tree(p.Files)
	if err != nil {
		return err
	}
	text, err := paragraph(p.Control, installedSize(files))
	if err != nil {
		return err
	}
	data, sums, err := spoolData(temp, files, p, o)
	if err != nil {
		return err
	}
	defer data.Close()
	about, err := controlFiles(text, sums, p)
	if err != nil {
		return err
	}
	var control bytes.Buffer
	if _, err := packTar(&control, about, p, Options{Compression: controlFormat}); err != nil {
		return err
	}
	return assemble(w, p, o, control.Bytes(), data)
}

// fileName is the package's customary file name, in which an epoch, whose colon file systems dislike, is left out.
func (p *Package) fileName() string {
	version := p.field("Version")
	if _, rest, ok := strings.Cut(version, ":"); ok {
		version = rest
	}
	return p.field("Package") + "_" + version + "_" + p.field("Architecture") + ".deb"
}

// spoolData writes data.tar to a file in dir that has no name any more: the checksums, which come before it in
// the package, are known only afterwards.
func spoolData(dir string, files []File, p *Package, o Options) (_ *os.File, sums []byte, err error) {
	spool, err := os.CreateTemp(dir, ".data.tar-")
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			spool.Close()
		}
	}()
	if err := os.Remove(spool.Name()); err != nil {
		return nil, nil, err
	}
	sums, err = packTar(spool, files, p, o)
	if err != nil {
		return nil, nil, err
	}
	_, err = spool.Seek(0, io.SeekStart)
	return spool, sums, err
}

// packTar writes files as a compressed tar archive and gives their checksums.
func packTar(w io.Writer, files []File, p *Package, o Options) (sums []byte, err error) {
	enc, err := codec.NewWriter(w, o.compression(), o.Threads)
	if err != nil {
		return nil, err
	}
	t := newTarball(enc, p.modTime())
	err = t.add(files)
	if cerr := enc.Close(); cerr != nil { // the reason of an error before it
		err = cerr
	}
	return t.sums, err
}

// controlFormat is what control.tar is compressed with, whatever the data is: some kilobytes are not worth a program's start.
const controlFormat = codec.Gzip

// controlFiles are those of control.tar.
func controlFiles(text, sums []byte, p *Package) ([]File, error) {
	files := []File{Bytes("/control", text), Bytes("/md5sums", sums)}
	for name, lines := range map[string][]string{"/conffiles": p.Conffiles, "/triggers": p.Triggers} {
		if len(lines) > 0 {
			files = append(files, Bytes(name, []byte(strings.Join(lines, "\n")+"\n")))
		}
	}
	for name, content := range p.Scripts {
		if !isScript(name) {
			return nil, fmt.Errorf("%q is not a maintainer script", name)
		}
		script := Bytes("/"+name, []byte(content))
		script.Mode = 0o755
		files = append(files, script)
	}
	return tree(files)
}

func isScript(name string) bool {
	switch name {
	case "preinst", "postinst", "prerm", "postrm":
		return true
	}
	return false
}

func assemble(w io.Writer, p *Package, o Options, control []byte, data *os.File) error {
	info, err := data.Stat()
	if err != nil {
		return err
	}
	a, err := newArchive(w, p.modTime())
	if err != nil {
		return err
	}
	const version = "2.0\n"
	if err := a.add("debian-binary", int64(len(version)), strings.NewReader(version)); err != nil {
		return err
	}
	if err := a.add("control.tar"+controlFormat.Extension(), int64(len(control)), bytes.NewReader(control)); err != nil {
		return err
	}
	return a.add("data.tar"+o.compression().Extension(), info.Size(), data)
}
