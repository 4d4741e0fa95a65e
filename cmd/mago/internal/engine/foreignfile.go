package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ForeignFileError says that something in a user's cache belongs to somebody else, as root's runs there once left it, so that
// the user can neither change nor remove it.
type ForeignFileError struct {
	err         error
	cache, path string
	owner, user string
	ours        bool // whether all that is in the cache is mago's, and for the user to have
}

func (e *ForeignFileError) Error() string {
	return fmt.Sprintf("%v: %s belongs to %s", e.err, e.path, e.owner)
}

func (e *ForeignFileError) Unwrap() error { return e.err }

// Hint gives away nothing that may be another's: a directory that the user has named may hold anything.
func (e *ForeignFileError) Hint(on System) string {
	if !e.ours {
		return "choose a directory of your own with -u"
	}
	return fmt.Sprintf(`run "%s", then the same command again`, on.ByRoot("chown", "-R", e.user+":", e.cache))
}

// WhoseFiles adds to an error for want of rights what in the user's cache is somebody else's.
func (b *base) WhoseFiles(err error) error {
	if b.host.AsRoot || !errors.Is(err, fs.ErrPermission) || !mayBeIn(err, b.Cache) || errors.As(err, new(*ForeignFileError)) {
		return err
	}
	me := uint32(os.Geteuid())
	if path, owner := foreignIn(b.Cache, me); path != "" {
		ours := !b.OwnCache && b.Root == "/" && homeOfUser(me).holds(b.Cache)
		err = &ForeignFileError{err, b.Cache, path, userCalled(owner), userCalled(me), ours}
	}
	return err
}

// mayBeIn reports whether an error is of a file in a directory, or of that itself, as far as it names one by its whole path.
func mayBeIn(err error, dir string) bool {
	path := ""
	var file *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &file):
		path = file.Path
	case errors.As(err, &link):
		path = link.New
	}
	return !filepath.IsAbs(path) || path == dir || isBelow(path, dir)
}

// foreignIn finds what mago has made in a directory, or that itself, of another owner than the one that it should have; ""
// where there is none in sight.
func foreignIn(dir string, owner uint32) (path string, other uint32) {
	_ = filepath.WalkDir(dir, func(at string, entry fs.DirEntry, _ error) error {
		if entry == nil {
			return nil // nothing is there
		}
		if filepath.Dir(at) == dir && at != dir && !isOwnEntry(entry.Name()) {
			return skipped(entry)
		}
		info, err := entry.Info()
		if err != nil {
			return nil // gone meanwhile
		}
		if stat := info.Sys().(*syscall.Stat_t); stat.Uid != owner {
			path, other = at, stat.Uid
			return fs.SkipAll
		}
		return nil
	})
	return path, other
}

// isOwnEntry reports whether mago calls something so that it makes in its cache.
func isOwnEntry(name string) bool {
	switch name {
	case "builds", "debs", "downloads", "locks", "trees", "work":
		return true
	}
	return strings.HasPrefix(strings.TrimPrefix(name, "."), "index.json") || strings.HasPrefix(name, ".lists-")
}

// skipped has a walk leave out an entry, with all that is below it.
func skipped(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// home is a user's home directory, as the user database has it.
type home struct {
	dir   string
	owner uint32
}

// holds reports whether a user's home directory, without links on the way, has a cache. What $HOME says is not asked.
func (h home) holds(cache string) bool {
	at, err := filepath.EvalSymlinks(h.dir)
	if err != nil || at == "/" || h.dir == "" {
		return false
	}
	info, err := os.Stat(at)
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != h.owner {
		return false
	}
	cache, err = filepath.EvalSymlinks(cache)
	return err == nil && isBelow(cache, at)
}

func homeOfUser(uid uint32) home {
	u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10))
	if err != nil {
		return home{}
	}
	return home{u.HomeDir, uid}
}

// userCalled is a user's name, or the number where it has none.
func userCalled(uid uint32) string {
	number := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(number); err == nil {
		return u.Username
	}
	return number
}
