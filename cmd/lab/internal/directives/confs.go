package directives

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// confs are files as people write them, which the tests of mago's own reading have, too. Beside some of them lies, by the name
// of dkms's version, in what dkms differs; that is then no failure.
const confs = "kbuild/dkms/testdata/confs.txtar"

// conf is one of them.
type conf struct {
	name     string
	text     []byte
	expected []string // differences
}

// ownConfs gives them with what is expected of the release's dkms.
func (c *comparison) ownConfs(ctx context.Context) ([]conf, error) {
	version, err := c.system.Run(ctx, "dpkg-query", "--show", "--showformat", "${Version}", "dkms")
	if err != nil {
		return nil, err
	}
	archive, err := txtar.ParseFile(confs)
	if err != nil {
		return nil, err
	}
	beside := map[string][]byte{}
	for _, f := range archive.Files {
		beside[f.Name] = f.Data
	}
	var all []conf
	for _, f := range archive.Files {
		if filepath.Ext(f.Name) == "" {
			expected := strings.ReplaceAll(string(beside[f.Name+".dkms-"+series(version)]), "$K", c.kernel)
			all = append(all, conf{f.Name, f.Data, strings.FieldsFunc(expected, func(r rune) bool { return r == '\n' })})
		}
	}
	return all, nil
}

// series is the first two numbers of a version.
func series(version string) string {
	numbers := strings.SplitN(version, ".", 3)
	return strings.Join(numbers[:min(len(numbers), 2)], ".")
}

// compareConfs fails where what is expected and what differs are not the same.
func (c *comparison) compareConfs(ctx context.Context) error {
	all, err := c.ownConfs(ctx)
	if err != nil {
		return err
	}
	var failures []error
	for _, f := range all {
		differences, err := c.compareConf(ctx, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if !slices.Equal(differences, f.expected) {
			c.tell(f.name, differences)
			failures = append(failures, fmt.Errorf("%s: expected were %q", f.name, f.expected))
		}
	}
	fmt.Fprintf(c.stdout, "%s: %d files of %s, %d of them not read as expected\n", c.kernel, len(all), confs, len(failures))
	return errors.Join(failures...)
}

// compareConf has both read one that the system does not have yet.
func (c *comparison) compareConf(ctx context.Context, f conf) ([]string, error) {
	const dir = "/srv/confs/oak-1.0"
	at := c.system.Path(dir)
	if err := os.RemoveAll(at); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(at, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(at, "dkms.conf"), f.text, 0o644); err != nil {
		return nil, err
	}
	return c.compare(ctx, dir)
}
