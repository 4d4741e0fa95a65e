package directives

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mago/cmd/lab/internal/debian"
	"mago/kbuild/dkms"
)

// open unpacks a package without running its scripts, and gives the directories of its dkms.conf files as the system knows them.
func (c *comparison) open(ctx context.Context, name string) ([]string, error) {
	const unpack = `set -e; rm -rf /srv/open; mkdir -p /srv/debs /srv/open; cd /srv/debs; apt-get download "$1"; dpkg-deb --extract "$1"_*.deb /srv/open`
	if _, err := c.system.Run(ctx, "sh", "-c", unpack, "sh", name); err != nil {
		return nil, err
	}
	found, err := filepath.Glob(c.system.Path("/srv/open/usr/src/*/dkms.conf"))
	for i, conf := range found {
		found[i] = strings.TrimPrefix(path.Dir(conf), c.system.Dir)
	}
	return found, err
}

// compare has both read the dkms.conf of a directory.
func (c *comparison) compare(ctx context.Context, dir string) ([]string, error) {
	ours, err := c.readByMago(ctx, dir)
	if err != nil {
		return nil, err
	}
	theirs, err := c.readByDKMS(ctx, dir, ours["PACKAGE_NAME"][0])
	if err != nil {
		return nil, err
	}
	return differences(theirs, ours), nil
}

// readByMago has mago read the file as "mago get" does, and takes what is kept of that.
func (c *comparison) readByMago(ctx context.Context, dir string) (reading, error) {
	const read = `rm -rf /var/cache/mago/confs; mago -l "$1" get "$2" >&2
if [ -d /var/cache/mago/confs ]; then cat /var/cache/mago/confs/*.json; mago show --json "$2"; else mago -l "$1" build "$2" >&2; fi`
	cmd := c.system.Command(ctx, "sh", "-c", read, "sh", c.kernel, dir)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if said := debian.MagoError(complaint.String()); said != "" {
		_, why, _ := strings.Cut(said, "dkms.conf: ")
		return reading{refusal: {0: why}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mago: %w: %s", err, complaint.String())
	}
	values := json.NewDecoder(strings.NewReader(string(out)))
	var kept json.RawMessage
	var shown []struct {
		Conf dkms.Plan `json:"dkms_conf"`
	}
	if err := errors.Join(values.Decode(&kept), values.Decode(&shown)); err != nil {
		return nil, err
	}
	conf, err := dkms.Decode(kept)
	if err != nil || len(shown) != 1 {
		return nil, fmt.Errorf("mago knows %d modules of that name: %w", len(shown), err)
	}
	return readingOf(conf, kept, shown[0].Conf, c.kernel)
}

// spy is the start-up file of the bash that runs dkms. It prints what dkms has of a file right after reading it.
//
//go:embed spy.bash
var spy string

// readByDKMS has dkms begin a build of what mago calls by that name, if it calls it anything, and takes what it prints when it has read the file.
func (c *comparison) readByDKMS(ctx context.Context, dir, named string) (reading, error) {
	if err := os.WriteFile(c.system.Path("/srv/spy.bash"), []byte(spy), 0o644); err != nil {
		return nil, err
	}
	const read = `place=/usr/src/$2-$3; cp -a "$1" "$place" && BASH_ENV=/srv/spy.bash dkms build -m "$2" -v "$3" -k "$4" 3>/srv/read
rm -rf "$place" "/var/lib/dkms/$2"`
	name, version := split(path.Base(dir), named)
	out, err := c.system.Run(ctx, "sh", "-c", read, "sh", dir, name, version, c.kernel)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(c.system.Path("/srv/read"))
	if err != nil {
		return nil, err
	}
	theirs, err := parse(string(text))
	if err != nil {
		err = fmt.Errorf("dkms: %w: %s", err, out)
	}
	return theirs, err
}

// split splits the name of a directory of dkms's, whose file may name the module.
func split(base, named string) (name, version string) {
	if version, ok := strings.CutPrefix(base, named+"-"); ok && named != "" {
		return named, version
	}
	hyphen := strings.LastIndexByte(base, '-')
	return base[:hyphen], base[hyphen+1:]
}

// parse reads what spy prints: name, index and value, each ended by a NUL.
func parse(text string) (reading, error) {
	fields := strings.Split(text, "\x00")
	if len(fields) < 4 || len(fields)%3 != 1 {
		return nil, fmt.Errorf("it told %d fields of its reading", len(fields)-1)
	}
	r := reading{}
	for triple := range slices.Chunk(fields[:len(fields)-1], 3) {
		index, err := strconv.Atoi(triple[1])
		if err != nil {
			return nil, err
		}
		r.set(triple[0], index, triple[2])
	}
	return r, nil
}
