package apt

import (
	"crypto/md5"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"mago/debpkg/rooted"
)

// CheckConffiles lists the conffiles of an installed package that are not as it brought them, edited or removed, and those that
// only an earlier version of it brought, which stay where they are. Links are followed within root, as dpkg does.
func (p Installed) CheckConffiles(root rooted.Root) (edited, obsolete []string) {
	for line := range strings.Lines(p.Conffiles) {
		path, sum, dropped := parseConffile(line)
		switch {
		case path == "":
		case dropped:
			obsolete = append(obsolete, path)
		default:
			if is, err := md5In(root, path); err != nil || is != sum {
				edited = append(edited, path)
			}
		}
	}
	return edited, obsolete
}

// parseConffile reads a line of Conffiles from its end, as dpkg does, for a path may hold blanks. A conffile is dropped where the
// package has it no more, or has it removed.
func parseConffile(line string) (path, sum string, dropped bool) {
	words := strings.Split(strings.TrimSpace(line), " ")
	for len(words) > 0 && slices.Contains([]string{"obsolete", "remove-on-upgrade"}, words[len(words)-1]) {
		words, dropped = words[:len(words)-1], true
	}
	if len(words) < 2 {
		return "", "", false
	}
	last := len(words) - 1
	return strings.Join(words[:last], " "), words[last], dropped
}

func md5In(root rooted.Root, path string) (string, error) {
	f, err := root.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
