package untar

import (
	"path"
	"strings"
)

// maxPart is the longest name, in bytes, that Linux's file systems have in one directory.
const maxPart = 255

// name makes an entry's name relative to the tree, "." for the tree itself.
func (x *extractor) name(entry, linkname string) (string, error) {
	if max(len(entry), len(linkname)) > x.limits.Name {
		return "", x.limit(entry, "bytes in a name", int64(x.limits.Name))
	}
	if reason := outside(entry); reason != "" {
		return "", x.refuse(entry, reason)
	}
	name := path.Clean(entry)
	if strings.Count(name, "/") >= x.limits.Depth {
		return "", x.limit(entry, "levels of directories", int64(x.limits.Depth))
	}
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > maxPart {
			return "", x.limit(entry, "bytes in a part of a name", maxPart)
		}
	}
	return name, nil
}

// outside says why a name may lie outside the tree, "" where it cannot.
func outside(name string) string {
	if path.IsAbs(name) {
		return "absolute name"
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return `".." in the name`
		}
	}
	return ""
}

// target returns the text of the symbolic link at name: the entry's target without "x/..", so that every step up comes first,
// from a directory that is not a link. A link whose text stays inside the tree then stays inside it, whatever links are on its
// way.
func (x *extractor) target(entry, name, target string) (string, error) {
	switch {
	case target == "":
		return "", x.refuse(entry, "link to nowhere")
	case path.IsAbs(target) && !x.opts.Rooted:
		return "", x.refuse(entry, "link to the absolute name "+target)
	case path.IsAbs(target):
		return path.Clean("./" + up(name) + path.Clean(target)), nil
	}
	clean := path.Clean(target)
	if reached := path.Join(path.Dir(name), clean); reached == ".." || strings.HasPrefix(reached, "../") {
		return "", x.refuse(entry, "link out of the tree to "+target)
	}
	return clean, nil
}

// up is the path from an entry's directory to the top of the tree.
func up(name string) string { return strings.Repeat("../", strings.Count(name, "/")) }
