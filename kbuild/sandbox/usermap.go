package sandbox

import (
	"fmt"
	"os"
	"strings"
)

// UnmappedError says that mago is root of a user namespace that has no second user to build as.
type UnmappedError struct{ Name string }

func (e *UnmappedError) Error() string {
	return fmt.Sprintf("the user namespace that mago runs in has root alone, and no user %s to build as", e.Name)
}

// CheckUsers fails with an *UnmappedError where this process's user namespace has one user or one group only: nothing can be given
// to another there.
func CheckUsers() error {
	for _, file := range []string{"/proc/self/uid_map", "/proc/self/gid_map"} {
		if text, err := os.ReadFile(file); err == nil && mapsOne(string(text)) {
			return &UnmappedError{BuildUser}
		}
	}
	return nil
}

// mapsOne reads a map of user_namespaces(7): a range of ids a line, its length last.
func mapsOne(text string) bool {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	fields := strings.Fields(lines[0])
	return len(lines) == 1 && len(fields) == 3 && fields[2] == "1"
}
