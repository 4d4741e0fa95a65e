package apt

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// keepConffiles has dpkg(1) leave a conffile as the administrator has it, where it would else ask: nobody could answer.
const keepConffiles = "--force-confdef,confold"

const distSuffix = ".dpkg-dist"

// keeping tells Kept of what a tool that calls dpkg has put beside conffiles, also where the tool fails.
func (in *Installer) keeping(tool func() error) error {
	if in.Kept == nil {
		return tool()
	}
	before := in.distFiles()
	err := tool()
	after := in.distFiles()
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if before[path] != after[path] {
			in.Kept(strings.TrimSuffix(path, distSuffix))
		}
	}
	return err
}

// distFile tells one file from another that had its name before.
type distFile struct {
	inode   uint64
	changed syscall.Timespec
}

// distFiles finds the packages' versions of conffiles below /etc. What cannot be read has none.
func (in *Installer) distFiles() map[string]distFile {
	found := map[string]distFile{}
	root := in.Root.String()
	_ = filepath.WalkDir(filepath.Join(root, "etc"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.HasSuffix(path, distSuffix) {
			return nil
		}
		info, err := os.Lstat(path)
		if err != nil {
			return nil
		}
		stat := info.Sys().(*syscall.Stat_t)
		found[filepath.Join("/", strings.TrimPrefix(path, root))] = distFile{stat.Ino, stat.Ctim}
		return nil
	})
	return found
}
