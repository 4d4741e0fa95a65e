package main

import (
	"slices"
	"strings"
)

// systemDirs are where Debian has programs, root's first.
var systemDirs = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// searchPath is a PATH with the system's directories, which dpkg insists on: su leaves root without sbin, and a program may be
// started without any variable.
func searchPath(path string) string {
	dirs := strings.FieldsFunc(path, func(r rune) bool { return r == ':' })
	for _, dir := range systemDirs {
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, ":")
}
