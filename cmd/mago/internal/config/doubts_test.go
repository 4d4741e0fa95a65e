package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mago/debpkg/rooted"
)

// doubtsOf are those of files, without the directory that they lie in.
func doubtsOf(t *testing.T, known []string, files map[string]string) (all []string) {
	root := written(t, files)
	for name := range files {
		if strings.HasPrefix(name, "keys/") {
			if err := os.Chmod(filepath.Join(root, name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	c := Read(true, Dir{rooted.Root(root), "/etc"})
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	for _, m := range c.Doubts(rooted.Root(root), known) {
		all = append(all, strings.ReplaceAll(m.Error(), root, ""))
	}
	return all
}

func TestDoubts(t *testing.T) {
	none := map[string]string{}
	for name, test := range map[string]struct {
		known []string
		files map[string]string
		want  string
	}{
		"nothing":                  {nil, none, ""},
		"files put aside":          {nil, map[string]string{"etc/mago.conf~": "", "etc/mago.conf.d/a.conf.bak": "", "etc/modules/README.md": "", "etc/modules/.x": "", "etc/modules/#a.conf#": "", "etc/modules/a.conf.ucf-dist": "", "etc/signing.key": ""}, ""},
		"a file that is read":      {nil, map[string]string{"etc/mago.conf.d/README.conf": "Dest: /etc/mago.conf.d/README.conf\n"}, "/etc/mago.conf.d/README.conf:1: Dest: open /etc/mago.conf.d/README.conf: not a directory"},
		"no ending":                {nil, map[string]string{"etc/modules/a": ""}, "/etc/modules/a: mago does not read it: its name does not end in .conf"},
		"another ending":           {nil, map[string]string{"etc/mago.conf.d/a.cfg": ""}, "/etc/mago.conf.d/a.cfg: mago does not read it: its name does not end in .conf"},
		"another directory":        {nil, map[string]string{"etc/module/a.conf": ""}, "/etc/module: mago does not read it: modules is the nearest name that it reads"},
		"a known module":           {[]string{"hello"}, map[string]string{"etc/modules/hello.conf": ""}, ""},
		"a module that is unknown": {[]string{"hello"}, map[string]string{"etc/modules/zfs.conf": ""}, "/etc/modules/zfs.conf: no module zfs is known here"},
		"a module with a near one": {[]string{"hello"}, map[string]string{"etc/modules/hallo.conf": ""}, "/etc/modules/hallo.conf: no module hallo is known here; hello is the nearest"},
		"no module is known":       {nil, map[string]string{"etc/modules/hallo.conf": ""}, ""},
		"a key without certificate": {nil, map[string]string{"etc/mago.conf": "Key: /keys/k.pem\n", "keys/k.pem": "x"},
			"/etc/mago.conf:1: Key: there is no certificate of it: put it beside it as /keys/k.crt"},
		"an open passphrase, once": {[]string{"a", "b"}, map[string]string{"etc/mago.conf": "Passphrase-File: /p\n", "etc/modules/a.conf": "Hold: no", "etc/modules/b.conf": "Passphrase-File: /keys/p", "p": "x", "keys/p": ""},
			"/etc/mago.conf:1: Passphrase-File: /p has mode 0644, so that others than its owner have the key"},
		"what another file replaces": {nil, map[string]string{"etc/mago.conf": "Passphrase-File: /p\n", "etc/mago.conf.d/a.conf": "Passphrase-File: /keys/p", "keys/p": "x"}, ""},
	} {
		if got := strings.Join(doubtsOf(t, test.known, test.files), "\n"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, test.want)
		}
	}
}
