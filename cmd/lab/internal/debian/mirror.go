package debian

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Mirror is where a machine's own apt has Debian from. Security is "" where its sources name none.
type Mirror struct{ Archive, Security string }

// source is one entry of apt's sources.list(5).
type source struct {
	uri                string
	suites, components []string
}

// FindMirror reads the apt configuration under etc, such as /etc/apt.
func FindMirror(etc string) (Mirror, error) {
	all, err := readSources(etc)
	if err != nil {
		return Mirror{}, err
	}
	var m Mirror
	for _, s := range all {
		switch {
		case !slices.Contains(s.components, "main"):
		case m.Security == "" && slices.ContainsFunc(s.suites, func(suite string) bool { return strings.HasSuffix(suite, "-security") }):
			m.Security, err = s.resolve()
		case m.Archive == "" && s.isArchive():
			m.Archive, err = s.resolve()
		}
		if err != nil {
			return Mirror{}, err
		}
	}
	if m.Archive == "" {
		return Mirror{}, fmt.Errorf("no source of Debian's archive in %s", etc)
	}
	return m, nil
}

// isArchive tells Debian's own archive from others that call a suite stable too: mirrors serve it as /debian.
func (s source) isArchive() bool {
	u, err := url.Parse(s.uri)
	return err == nil && strings.HasPrefix(path.Base(u.Path), "debian") && !strings.Contains(path.Base(u.Path), "security")
}

// resolve follows mirror+file: (apt-transport-mirror(1)), which Debian's cloud images use, to the first mirror listed.
func (s source) resolve() (string, error) {
	list, ok := strings.CutPrefix(s.uri, "mirror+file:")
	if !ok {
		return s.uri, nil
	}
	text, err := os.ReadFile(path.Clean(list))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 0 && !strings.HasPrefix(fields[0], "#") {
			return fields[0], nil
		}
	}
	return "", fmt.Errorf("no mirror in %s", list)
}

func readSources(etc string) ([]source, error) {
	names, err := filepath.Glob(filepath.Join(etc, "sources.list.d", "*"))
	if err != nil {
		return nil, err
	}
	var all []source
	for _, name := range append([]string{filepath.Join(etc, "sources.list")}, names...) {
		parse := map[string]func(io.Reader) []source{".list": oneLine, ".sources": deb822}[filepath.Ext(name)]
		text, err := os.ReadFile(name)
		if parse == nil || errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, parse(bytes.NewReader(text))...)
	}
	return all, nil
}

// oneLine reads the format "deb [options] URI suite component…".
func oneLine(r io.Reader) []source {
	var all []source
	for lines := bufio.NewScanner(r); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 || fields[0] != "deb" {
			continue
		}
		fields = fields[1:]
		if len(fields) > 0 && strings.HasPrefix(fields[0], "[") {
			end := slices.IndexFunc(fields, func(f string) bool { return strings.HasSuffix(f, "]") })
			fields = fields[end+1:]
		}
		if len(fields) > 2 {
			all = append(all, source{uri: fields[0], suites: fields[1:2], components: fields[2:]})
		}
	}
	return all
}

// deb822 reads stanzas of fields; of several URIs the first counts.
func deb822(r io.Reader) []source {
	var all []source
	fields, last := map[string]string{}, ""
	end := func() {
		uris := strings.Fields(fields["uris"])
		if len(uris) > 0 && fields["enabled"] != "no" && slices.Contains(strings.Fields(fields["types"]), "deb") {
			all = append(all, source{uris[0], strings.Fields(fields["suites"]), strings.Fields(fields["components"])})
		}
		fields, last = map[string]string{}, ""
	}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		line := lines.Text()
		name, value, ok := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "#"):
		case strings.TrimSpace(line) == "":
			end()
		case line[0] == ' ' || line[0] == '\t':
			fields[last] += line
		case ok:
			last = strings.ToLower(name)
			fields[last] = strings.TrimSpace(value)
		}
	}
	end()
	return all
}
