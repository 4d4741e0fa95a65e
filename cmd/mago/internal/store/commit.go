package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// What a build gives is written whole, and synced to the disk, before any of it gets its name: packages in the stage, the
// rest as unfinished files of the unit's directory. What a kill leaves of that the unit's next build, clean or purge removes.

// MakeStage makes a unit's empty stage, which shows before a compilation whether its packages can be written.
func (s *Store) MakeStage(id ID) (dir string, err error) {
	dir = s.Stage(id)
	return dir, ownDir(FreshDir(dir))
}

// CreateLog opens the log of a build that begins.
func (s *Store) CreateLog(id ID) (*os.File, error) {
	var file *os.File
	err := Within(s.Dir(id), func(dir string) (err error) {
		file, err = os.OpenFile(filepath.Join(dir, unfinishedLog), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o644)
		return err
	})
	if err == nil {
		lockLog(file)
	}
	return file, ownDir(err)
}

// ownDir adds the next step to an error of a directory that is somebody else's.
func ownDir(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w (a user's own builds go where -u says)", err)
	}
	return err
}

// StageSymvers keeps the file of symbols that a build exports; "" are none.
func (s *Store) StageSymvers(id ID, symvers string) error {
	staged := filepath.Join(s.Dir(id), unfinishedSymvers)
	if symvers == "" {
		return removeIfThere(staged)
	}
	text, err := os.ReadFile(symvers)
	if err != nil {
		return err
	}
	return writeSynced(staged, text)
}

// StageSBOM keeps the list of a build's inputs, and gives the path that it will have.
func (s *Store) StageSBOM(id ID, text []byte) (path string, err error) {
	dir := s.Dir(id)
	return filepath.Join(dir, sbomFile), writeSynced(filepath.Join(dir, unfinishedSBOM), text)
}

// StageProven keeps what is known of a build's modules; nil is nothing.
func (s *Store) StageProven(id ID, text []byte) error {
	staged := filepath.Join(s.Dir(id), unfinishedProven)
	if text == nil {
		return removeIfThere(staged)
	}
	return writeSynced(staged, text)
}

// Commit gives a good build's files their names, its record last, and ends the failure before it. A record of another package
// of the same name goes first, also on the disk: there is never a record whose package is another one. It sets r.Log.
func (s *Store) Commit(r *Record, log *os.File) error {
	dir := s.Dir(r.ID())
	before, known := s.Get(r.ID())
	if err := s.writeUnfinished(r, log, logFile); err != nil {
		return err
	}
	if !known || before.Deb == r.Deb && before.SHA256 != r.SHA256 || before.Common.isReplacedBy(r.Common) {
		if err := errors.Join(removeIfThere(filepath.Join(dir, recordFile)), syncDir(dir)); err != nil {
			return err
		}
	}
	if err := s.namePackages(*r); err != nil {
		return err
	}
	if err := s.EndFailure(r.ID()); err != nil { // nobody would end it once the record is there
		return err
	}
	return nameUnfinished(dir, logFile, recordFile)
}

// Fail leaves a failure's record and log beside the last good build. It sets r.Log.
func (s *Store) Fail(r *Record, log *os.File) error {
	if err := s.writeUnfinished(r, log, failureLogFile); err != nil {
		return err
	}
	return nameUnfinished(s.Dir(r.ID()), failureLogFile, failureFile)
}

// EndFailure removes what is kept of a build that has failed since the good one.
func (s *Store) EndFailure(id ID) error {
	dir := s.Dir(id)
	return errors.Join(removeIfThere(filepath.Join(dir, failureFile)), removeIfThere(filepath.Join(dir, failureLogFile)))
}

// MarkInstalled writes down that the package of a unit's last good build is the installed one.
func (s *Store) MarkInstalled(id ID) error {
	return s.amend(id, func(r *Record) { r.Current = r.SHA256 })
}

// MoveSource writes down where what a unit was built from is found from now on.
func (s *Store) MoveSource(id ID, path string) error {
	return s.amend(id, func(r *Record) { r.Source.Path = path })
}

func (s *Store) amend(id ID, change func(*Record)) error {
	r, err := s.Load(id)
	if err != nil {
		return err
	}
	change(&r)
	defer s.DropUnfinished(id)
	dir := s.Dir(id)
	if err := writeRecord(filepath.Join(dir, unfinishedRecord), r); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, unfinishedRecord), filepath.Join(dir, recordFile))
}

// DropUnfinished removes what is left where a record could not get its name.
func (s *Store) DropUnfinished(id ID) {
	files, _ := Entries(s.Dir(id), unfinishedFiles) // a directory that cannot be read keeps them for the next build
	for _, file := range files {
		_ = os.Remove(file)
	}
}

func (s *Store) writeUnfinished(r *Record, log *os.File, logName string) error {
	dir := s.Dir(r.ID())
	r.Log = filepath.Join(dir, logName)
	if before, ok := s.Get(r.ID()); ok {
		r.Current = before.Current
	}
	if err := log.Sync(); err != nil {
		return err
	}
	return writeRecord(filepath.Join(dir, unfinishedRecord), *r)
}

func writeRecord(path string, r Record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeSynced(path, append(text, '\n'))
}

// namePackages comes before nameUnfinished, also on the disk.
func (s *Store) namePackages(r Record) error {
	debs := []string{r.Deb}
	if r.Common != nil {
		debs = []string{r.Common.Deb, r.Deb}
	}
	for _, deb := range debs {
		if err := os.Rename(filepath.Join(s.Stage(r.ID()), filepath.Base(deb)), deb); err != nil {
			return err
		}
	}
	dir := s.Dir(r.ID())
	return errors.Join(
		replaceOrRemove(filepath.Join(dir, unfinishedSymvers), s.Symvers(r.ID())),
		replaceOrRemove(filepath.Join(dir, unfinishedSBOM), filepath.Join(dir, sbomFile)),
		replaceOrRemove(filepath.Join(dir, unfinishedProven), filepath.Join(dir, provenFile)),
		os.RemoveAll(s.Stage(r.ID())),
		syncDir(filepath.Dir(r.Deb)))
}

func nameUnfinished(dir, logName, recordName string) error {
	for _, name := range [][2]string{{unfinishedLog, logName}, {unfinishedRecord, recordName}} {
		if err := os.Rename(filepath.Join(dir, name[0]), filepath.Join(dir, name[1])); err != nil {
			return err
		}
	}
	return syncDir(dir)
}
