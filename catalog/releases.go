package catalog

import (
	"regexp"
	"strings"
)

// releaseFile matches what apt keeps of an archive's Release file and its signature, which stand beside the lists.
var releaseFile = regexp.MustCompile(`^(.*_)(InRelease|Release|Release\.gpg)$`)

// releases says of each archive in apt's lists whether it is signed; the key is the beginning of its lists' names.
//
// apt keeps an InRelease or Release.gpg only when it has verified it; of an archive whose signature it could not
// verify, and was told to take all the same ([trusted=yes], Acquire::AllowInsecureRepositories), it keeps the bare
// Release.
type releases map[string]bool

func (c Config) readReleases() (releases, error) {
	entries, err := c.Root.ReadDir(listsDir)
	if err != nil {
		return nil, err
	}
	all := releases{}
	for _, e := range entries {
		if m := releaseFile.FindStringSubmatch(e.Name()); m != nil {
			all[m[1]] = all[m[1]] || m[2] != "Release"
		}
	}
	return all, nil
}

// sign reports whether a list is from a signed archive. The archive with the longest matching name decides, since one may lie below another.
func (r releases) sign(list string) bool {
	longest := ""
	for archive := range r {
		if rest, ok := strings.CutPrefix(uncompressed(list), archive); ok && isListOf(archive, rest) && len(archive) > len(longest) {
			longest = archive
		}
	}
	return r[longest]
}

// isListOf tells an archive's own list, whose name goes on with rest, from that of one that lies below it and may have no
// Release at all: a flat archive has one list, and no other archive lies between dists/ and its suites' components.
func isListOf(archive, rest string) bool {
	return rest == "Packages" ||
		strings.Contains(archive, "_dists_") && strings.Contains(rest, "_binary-") && !strings.Contains(rest, "_dists_")
}
