package recipe

import (
	"errors"
	"fmt"
	"path/filepath"
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

// dateScript stands in front of date(1): Makefiles put the day of the build into modules, which takes the date of their
// source for that. Of another time that it is asked for, date itself tells.
const dateScript = `#!/bin/sh
for word; do
	case $word in
	-[dfrs]* | -[uR][dfrs]* | --date* | --file* | --reference* | --set* | --resolution*) exec /usr/bin/date "$@" ;;
	esac
done
exec /usr/bin/date -d @%d "$@"
`

// placeUname puts both into a directory of the foreign tree, "" for the tree itself. A release holds no character that
// the shell or sed would take for its own.
func (w *Workspace) placeUname(below string) error {
	dir := filepath.Join(below, unameDir)
	if err := w.files.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return errors.Join(
		w.placeScript(filepath.Join(dir, "uname"), fmt.Sprintf(unameScript, w.Job.Kernel.Release, w.Job.Kernel.Arch)),
		w.placeScript(filepath.Join(dir, "date"), fmt.Sprintf(dateScript, w.Job.Epoch.Unix())))
}

func (w *Workspace) placeScript(file, script string) error {
	if err := w.files.WriteFile(file, []byte(script), 0o755); err != nil {
		return err
	}
	return w.files.Chmod(file, 0o755) // whatever the umask
}
