package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// What a build gives is written whole, and on the disk, before any of it gets its name: packages in the stage, the rest
// as unfinished files of the unit's directory. What a kill leaves of that the unit's next build, clean or purge removes.

// stage is where a unit's packages wait for their names. It exists only meanwhile.
func (p Paths) stage(module, release string) string {
	return filepath.Join(p.Debs(), ".mago-"+module+"_"+release)
}

// freshStage finds out, too, before a compilation that its package could not be written, or not be copied.
func (bu *builder) freshStage(u unit) (string, error) {
	if err := bu.tryDest(); err != nil {
		return "", err
	}
	dir := bu.stage(u.name, u.Kernel.Release)
	return dir, ownPlace(freshDir(dir))
}

// stageSymvers keeps the symbols that a build exports; "" are none.
func (p Paths) stageSymvers(r Record, symvers string) error {
	staged := filepath.Join(p.unitDir(r.Module, r.Kernel), unfinishedSymvers)
	if symvers == "" {
		return removeIfThere(staged)
	}
	text, err := os.ReadFile(symvers)
	if err != nil {
		return err
	}
	return writeSynced(staged, text)
}

// keepBuilt gives a good build's files their names, its record last, and ends the failure before it: nobody would end it
// once the record is there. A record of another package under the same name goes first, also on the disk, which may be
// another one than the packages': there is never one whose package is not the very one.
func (p Paths) keepBuilt(r *Record, log *os.File) error {
	dir := p.unitDir(r.Module, r.Kernel)
	before, known := p.readRecord(r.Module, r.Kernel)
	if err := p.writeUnfinished(r, log, logFile); err != nil {
		return err
	}
	if !known || before.Deb == r.Deb && before.SHA256 != r.SHA256 || before.Common.replacedBy(r.Common) {
		if err := errors.Join(removeIfThere(filepath.Join(dir, RecordFile)), syncDir(dir)); err != nil {
			return err
		}
	}
	if err := p.namePackages(*r); err != nil {
		return err
	}
	if err := p.endFailure(r.Module, r.Kernel); err != nil {
		return err
	}
	return p.nameUnfinished(dir, logFile, RecordFile)
}

// endFailure removes what is kept of a build that has failed since the good one.
func (p Paths) endFailure(module, release string) error {
	dir := p.unitDir(module, release)
	return errors.Join(removeIfThere(filepath.Join(dir, FailureFile)), removeIfThere(filepath.Join(dir, failureLogFile)))
}

// replacedBy reports whether another package gets this one's name.
func (p *builtPackage) replacedBy(other *builtPackage) bool {
	return p != nil && other != nil && p.Deb == other.Deb && p.SHA256 != other.SHA256
}

// keepFailure leaves a failure's record and log beside the last good build.
func (p Paths) keepFailure(r *Record, log *os.File) error {
	if err := p.writeUnfinished(r, log, failureLogFile); err != nil {
		return err
	}
	return p.nameUnfinished(p.unitDir(r.Module, r.Kernel), failureLogFile, FailureFile)
}

func (p Paths) writeUnfinished(r *Record, log *os.File, logName string) error {
	dir := p.unitDir(r.Module, r.Kernel)
	r.Log = filepath.Join(dir, logName)
	if before, ok := p.readRecord(r.Module, r.Kernel); ok {
		r.Current = before.Current
	}
	if err := log.Sync(); err != nil {
		return err
	}
	return writeRecordFile(filepath.Join(dir, unfinishedRecord), *r)
}

// namePackages comes before nameUnfinished, also on the disk. With the record there is nothing temporary any more.
func (p Paths) namePackages(r Record) error {
	debs := []string{r.Deb}
	if r.Common != nil {
		debs = []string{r.Common.Deb, r.Deb}
	}
	for _, deb := range debs {
		if err := os.Rename(filepath.Join(p.stage(r.Module, r.Kernel), filepath.Base(deb)), deb); err != nil {
			return err
		}
	}
	dir := p.unitDir(r.Module, r.Kernel)
	return errors.Join(
		replaceOrRemove(filepath.Join(dir, unfinishedSymvers), p.symvers(r)),
		replaceOrRemove(filepath.Join(dir, unfinishedBill), filepath.Join(dir, billFile)),
		os.RemoveAll(p.stage(r.Module, r.Kernel)),
		syncDir(filepath.Dir(r.Deb)))
}

// replaceOrRemove gives a file another's name; where it is not there, the other goes.
func replaceOrRemove(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, fs.ErrNotExist) {
		return removeIfThere(to)
	}
	return err
}

func (p Paths) nameUnfinished(dir, logName, recordName string) error {
	for _, name := range [][2]string{{unfinishedLog, logName}, {unfinishedRecord, recordName}} {
		if err := os.Rename(filepath.Join(dir, name[0]), filepath.Join(dir, name[1])); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// dropUnfinished removes what is left where a record could not get its name; after one that did there is nothing.
func (p Paths) dropUnfinished(module, release string) {
	files, _ := entries(p.unitDir(module, release), unfinishedFiles) // a directory that cannot be read keeps them for the next build
	for _, file := range files {
		_ = os.Remove(file)
	}
}

// writeSynced writes a file to the disk.
func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW, 0o644)
	if err != nil {
		return err
	}
	if _, err = file.Write(text); err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDir writes the names in a directory to the disk.
func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
