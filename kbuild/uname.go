package kbuild

import (
	"fmt"
	"path/filepath"
	"strings"
)

// unameDir lies below the foreign tree, first in the programs' PATH; no PACKAGE_NAME begins like this.
const unameDir = "_uname"

// unameScript stands in front of uname(1) while a module is built: Makefiles ask it which kernel they are for, and
// they are not for the running one. What has no kernel's release or machine in it, uname answers itself.
const unameScript = `#!/bin/sh
case "$*" in
-r | --kernel-release) echo '%[1]s' ;;
-m | --machine | -p | --processor | -i | --hardware-platform) echo '%[2]s' ;;
*) /usr/bin/uname "$@" | sed "s/$(/usr/bin/uname -r)/%[1]s/" ;;
esac
`

// placeUname puts it into a directory of the foreign tree, "" for the tree itself. A release holds no character that the shell or sed would take for its own.
func (s *steps) placeUname(below string) error {
	dir := filepath.Join(below, unameDir)
	if err := s.work.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	file := filepath.Join(dir, "uname")
	script := fmt.Sprintf(unameScript, s.job.Kernel.Release, s.job.Kernel.Arch)
	if err := s.work.WriteFile(file, []byte(script), 0o755); err != nil {
		return err
	}
	return s.work.Chmod(file, 0o755) // whatever the umask
}

// path is the programs' PATH.
func (s *steps) path() string {
	return s.inside(unameDir) + ":" + strings.Join(programDirs, ":")
}
