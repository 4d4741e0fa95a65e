package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"mago/cmd/mago/internal/store"
	"mago/kbuild/kernel"
)

// logPoll is how long the follower of a log waits before it looks for more.
const logPoll = 100 * time.Millisecond

// LogRequest says whose log is printed, and where to.
type LogRequest struct {
	Module string // as a command line names it
	Follow bool   // wait for a build where none goes on, and print its log until it has ended
	To     io.Writer
	Tell   func(string) // is told what is printed, or waited for
}

// SeveralLogsError says that there are logs for several of the kernels that were asked for.
type SeveralLogsError struct {
	Module   string
	Releases []string
}

func (e *SeveralLogsError) Error() string {
	return fmt.Sprintf("%s has logs for several kernels", e.Module)
}

func (e *SeveralLogsError) Hint() string {
	return "choose one with -l: " + strings.Join(e.Releases, ", ")
}

// EndedError says that a build was ended before anything came of it.
type EndedError struct{ Unit string }

func (e *EndedError) Error() string {
	return "the build of " + e.Unit + " was ended, or this machine failed it; it left no log"
}

// logs finds logs: an ordinary user's own, then root's.
type logs struct {
	*base
	kernels *kernelFinder
	names   *cleaner
	stores  []*store.Store
	follow  bool
}

// PrintLog prints the log of a unit's last build, and gives the record of what has come of that. A build that goes on counts where
// it is followed, or where nothing has come of one yet.
func PrintLog(ctx context.Context, e *Engine, r LogRequest) (store.Record, error) {
	l := logs{base: e.base, kernels: e.kernels, names: e.cleaner, stores: []*store.Store{e.store}, follow: r.Follow}
	if root := filepath.Join(e.Root, "var/cache/mago"); !e.host.AsRoot && root != e.Cache {
		l.stores = append(l.stores, store.Open(root))
	}
	module, err := l.module(ctx, r.Module)
	if err != nil {
		return store.Record{}, err
	}
	id, err := l.unit(ctx, module)
	if err != nil {
		return store.Record{}, err
	}
	return l.print(ctx, id, r)
}

// module resolves a word; a module that a store has is known even if no list names it any more.
func (l *logs) module(ctx context.Context, word string) (string, error) {
	for _, s := range l.stores {
		if kept, err := s.Kernels(word); err == nil && len(kept) > 0 && moduleWord.MatchString(word) {
			return word, nil
		}
	}
	names, err := l.names.moduleNames(ctx, []string{word})
	if err == nil && len(names) != 1 {
		err = &UsageError{fmt.Errorf("%s is not one module", word)}
	}
	if err != nil {
		return "", err
	}
	return names[0], nil
}

// unit chooses the kernel: where -l does not, the one that is built for, when that is followed, the running one, the last.
func (l *logs) unit(ctx context.Context, module string) (store.ID, error) {
	kept, err := l.kept(ctx, module)
	if err != nil {
		return store.ID{}, err
	}
	if l.follow {
		if going := slices.DeleteFunc(slices.Clone(kept), func(release string) bool { return !l.goesOn(store.ID{Module: module, Kernel: release}) }); len(going) > 0 {
			kept = going
		} else if l.kernels.limited() || len(kept) == 0 {
			kept, err = l.kernels.releases(ctx)
		}
	}
	running := l.kernels.running()
	switch {
	case err != nil:
		return store.ID{}, err
	case len(kept) == 1:
		return store.ID{Module: module, Kernel: kept[0]}, nil
	case len(kept) == 0:
		return store.ID{}, l.noLog(module)
	case l.kernels.limited():
		return store.ID{}, &SeveralLogsError{module, kept}
	case slices.Contains(kept, running):
		return store.ID{Module: module, Kernel: running}, nil
	}
	return l.latest(module, kept), nil
}

// kept are the kernels, among those that -l and -k choose, that there are logs for.
func (l *logs) kept(ctx context.Context, module string) (releases []string, err error) {
	chosen, err := l.kernels.chosen(ctx)
	if err != nil {
		return nil, err
	}
	for _, release := range l.all(module) {
		if chosen(release) {
			releases = append(releases, release)
		}
	}
	return releases, nil
}

// all are the kernels that there are logs of a module for.
func (l *logs) all(module string) (releases []string) {
	for _, s := range l.stores {
		kernels, _ := s.Kernels(module) // what cannot be read has none
		for _, release := range kernels {
			id := store.ID{Module: module, Kernel: release}
			if _, ok := store.Last(s, id); ok || l.goesOn(id) {
				releases = append(releases, release)
			}
		}
	}
	return kernel.SortReleases(releases)
}

func (l *logs) noLog(module string) error {
	release := strings.Join(slices.Concat(l.Kernels, l.HeaderDirs), ", ")
	return &NotBuiltError{Module: module, Release: release, Others: l.all(module)}
}

// latest is the unit whose last build began last, as far as the records' whole seconds tell.
func (l *logs) latest(module string, releases []string) store.ID {
	slices.Reverse(releases)
	return store.ID{Module: module, Kernel: slices.MaxFunc(releases, func(a, b string) int {
		one, _ := l.last(store.ID{Module: module, Kernel: a})
		other, _ := l.last(store.ID{Module: module, Kernel: b})
		return one.Started.Compare(other.Started)
	})}
}

// last is what has become of a unit, in the first store that knows.
func (l *logs) last(id store.ID) (store.Record, bool) {
	for _, s := range l.stores {
		if r, ok := store.Last(s, id); ok {
			return r, true
		}
	}
	return store.Record{}, false
}

// open opens the log of a build that is going on.
func (l *logs) open(id store.ID) (log *os.File, of *store.Store, err error) {
	for _, s := range l.stores {
		if log, err = store.OpenUnfinished(s, id); !errors.Is(err, fs.ErrNotExist) {
			return log, s, err
		}
	}
	return nil, nil, err
}

func (l *logs) goesOn(id store.ID) bool {
	log, _, err := l.open(id)
	if err == nil {
		log.Close()
	}
	return err == nil
}

func (l *logs) print(ctx context.Context, id store.ID, r LogRequest) (store.Record, error) {
	if l.follow {
		return l.followed(ctx, id, r)
	}
	if last, ok := l.last(id); ok {
		r.Tell(describe(last))
		return last, copyLog(r.To, last.Log)
	}
	log, _, err := l.open(id)
	if err != nil {
		return store.Record{}, err
	}
	defer log.Close()
	r.Tell(unitName(id) + " is being built: " + log.Name())
	_, err = io.Copy(r.To, log)
	return store.Record{}, err
}

// followed prints the log of the build that goes on, or else of the next one, until that has ended.
func (l *logs) followed(ctx context.Context, id store.ID, r LogRequest) (store.Record, error) {
	tick := time.NewTicker(logPoll)
	defer tick.Stop()
	log, from, err := l.open(id)
	if errors.Is(err, fs.ErrNotExist) {
		r.Tell("waiting for a build of " + unitName(id))
	}
	for errors.Is(err, fs.ErrNotExist) {
		if err := pause(ctx, tick); err != nil {
			return store.Record{}, err
		}
		log, from, err = l.open(id)
	}
	if err != nil {
		return store.Record{}, err
	}
	defer log.Close()
	r.Tell(unitName(id) + " is being built: " + log.Name())
	for going := true; going; {
		going = store.IsWritten(log) // asked before the rest is read
		if _, err := io.Copy(r.To, log); err != nil {
			return store.Record{}, err
		}
		if going {
			if err := pause(ctx, tick); err != nil {
				return store.Record{}, err
			}
		}
	}
	return outcome(from, id, log, r.Tell)
}

// outcome is what has come of a build whose log was followed.
func outcome(from *store.Store, id store.ID, log *os.File, tell func(string)) (store.Record, error) {
	last, ok := store.Last(from, id)
	if !ok || !isFile(log, last.Log) {
		return store.Record{}, &EndedError{unitName(id)}
	}
	tell(describe(last))
	return last, nil
}

// isFile reports whether an open file has that name.
func isFile(file *os.File, path string) bool {
	a, err := file.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(path)
	return err == nil && os.SameFile(a, b)
}

// describe says what a log is of.
func describe(r store.Record) string {
	text := fmt.Sprintf("%s, %s, %s: ", unitName(r.ID()), r.Result, r.Started.Local().Format("2006-01-02 15:04"))
	return text + r.Log
}

func unitName(id store.ID) string { return id.Module + " for " + id.Kernel }

func pause(ctx context.Context, tick *time.Ticker) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-tick.C:
		return nil
	}
}

func copyLog(to io.Writer, path string) error {
	log, err := os.Open(path)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = io.Copy(to, log)
	return err
}
