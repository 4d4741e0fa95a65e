package sources

import (
	"bufio"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"pault.ag/go/debian/changelog"

	"mago/debpkg/codec"
)

// factsMax is how much of a file is read for a name, a version or a date.
const factsMax = 256 << 10

// details are the lines between an entry's first and last.
var details = regexp.MustCompile(`(?m)^ {2}.*\n`)

// firstEntry reads the first entry of a Debian changelog (Debian Policy 4.4). It leaves the details out, because the parser's
// time grows with the square of their number.
func firstEntry(text string) (changelog.ChangelogEntry, bool) {
	entry, err := changelog.ParseOne(bufio.NewReader(strings.NewReader(details.ReplaceAllString(text, ""))))
	if err != nil {
		return changelog.ChangelogEntry{}, false
	}
	return *entry, true
}

// entryTime is the date of a changelog's newest entry, zero where there is none.
func entryTime(text string) time.Time {
	entry, _ := firstEntry(text)
	return entry.When
}

// changelogTime is the date of a changelog file of the host or of a package, possibly compressed.
func changelogTime(path string) time.Time { return entryTime(readStart(path)) }

// readStart reads the first factsMax bytes of a file, decompressed. It returns nothing for an unreadable or special file; the
// facts then come from elsewhere.
func readStart(path string) string {
	if !regular(path) {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	return start(file)
}

// startIn is readStart for a name that the source itself gives: it reads nothing outside of root.
func startIn(root *os.Root, name string) string {
	info, err := root.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe may have taken its place
	if err != nil {
		return ""
	}
	return start(file)
}

// byteOrderMark may begin a text that was written on another system; make and dkms's readers take it for nothing.
const byteOrderMark = "\uFEFF"

// start reads and closes a file.
func start(file *os.File) string {
	defer file.Close()
	stream, _, err := codec.NewReader(file)
	if err != nil {
		return ""
	}
	defer stream.Close()
	data, _ := io.ReadAll(io.LimitReader(stream, factsMax))
	return strings.TrimPrefix(string(data), byteOrderMark)
}
