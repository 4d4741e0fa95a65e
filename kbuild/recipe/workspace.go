package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mago/debpkg/visible"
	"mago/kbuild/deep"
	"mago/kbuild/dkms"
	"mago/kbuild/foreign"
	"mago/kbuild/jobs"
	"mago/kbuild/kernel"
	"mago/kbuild/sandbox"
)

// Job is one module to build for one kernel.
type Job struct {
	Source Source
	Kernel kernel.Kernel
	Conf   *dkms.Conf // what Evaluate gave for it; nil: it is evaluated when it is needed
	Needed []Needed   // what it is compiled against, besides the kernel
	Work   string     // host path of a directory that belongs to this job alone; the build user may enter it, nobody else
	Jobs   int        // how many compilers at once; what the recipe may ask for, too
	AtMost int        // how many of these it is to use; 0: all
	Epoch  time.Time  // the date that compilers may see: SOURCE_DATE_EPOCH and kbuild's timestamp

	MakeArguments []string // added to the command line of each make that the recipe calls
	Variables     []string // NAME=VALUE, which a dkms.conf is evaluated with and which count more than what it sets
}

// Told is how many compilers at once a recipe is told of.
func (j Job) Told() int {
	if j.AtMost > 0 {
		return min(j.Jobs, j.AtMost)
	}
	return j.Jobs
}

// DefaultLogLimit is far above what a build prints that prints for somebody to read.
const DefaultLogLimit = 64 << 20

// DefaultConfTimeout is far above what a dkms.conf takes, which is milliseconds.
const DefaultConfTimeout = 20 * time.Second

// Host is where and how a job's programs run.
type Host struct {
	Root        string
	Sandbox     sandbox.Sandbox
	Run         func(*exec.Cmd) error // nil: (*exec.Cmd).Run
	Log         io.Writer             // what the build prints, up to LogLimit; nil: nothing is kept
	LogLimit    int64                 // in bytes; 0: DefaultLogLimit
	Event       func(Progress)        // called for every file compiled; nil: not
	Warning     func(string)          // called for what the log warns of and the user has to know, as visible text; nil: not
	Jobs        *jobs.Client          // the build's place in a pool of compilers; nil: one of Job.Jobs that it has alone
	ConfTimeout time.Duration         // ends the evaluation of a dkms.conf that does not end by itself; 0: DefaultConfTimeout
}

// Workspace is one job's directory that foreign programs can write to, and the sandbox that they run in.
type Workspace struct {
	Host
	Job       Job
	Log       *Log
	dir       string          // host path, below the job's work directory
	files     *os.Root        // the same; foreign programs write there, so nothing in it is reached by host path
	mounts    []sandbox.Mount // of the workspace, what programs find at another path, too
	unseen    []string        // paths where programs may look for something, and the sandbox cannot show it
	symvers   []string        // the Module.symvers of modules that this one needs, inside
	special   someNames       // what of the source is neither file, directory nor link, and was left out
	earlier   someNames       // the source's finished modules, which were too
	touched   bool            // whether a program of the recipe's has run
	alone     *jobs.Client    // of a build that is in no pool; nil: none was needed yet
	noSymbols bool            // see dropSymbols
	ours      bool            // whether the recipe's own programs have all run, and mago's alone follow
}

// Tree is the name of the foreign directory below a job's work directory.
const Tree = "tree"

// Open makes the workspace of a job. The caller closes it.
func Open(h Host, job Job) (*Workspace, error) {
	log := &Log{to: h.Log, limit: cmp.Or(h.LogLimit, DefaultLogLimit)}
	if log.to == nil {
		log.to = io.Discard
	}
	dir, err := h.Sandbox.MakeWork(job.Work, Tree)
	if err != nil {
		return nil, fmt.Errorf("make the work directory: %w", err)
	}
	if err := job.Kernel.Apart(job.Work); err != nil {
		return nil, err
	}
	files, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the work directory: %w", err)
	}
	job.Jobs = max(job.Jobs, 2) // with one, make says other things, and there are sources that what it says gets into
	if h.Jobs != nil && job.AtMost > 0 {
		h.Jobs.AtMost(job.AtMost)
	}
	w := &Workspace{Host: h, Job: job, Log: log, dir: dir, files: files}
	w.cannotShow("/tmp", "/dev/shm")
	if err := errors.Join(w.placeUname(""), h.Sandbox.Own(dir)); err != nil {
		return nil, errors.Join(err, files.Close())
	}
	return w, nil
}

// Close lets go of the directory, which stays.
func (w *Workspace) Close() error {
	if w.alone != nil {
		w.alone.Leave()
	}
	return w.files.Close()
}

// Through says that the recipe's programs have all run: what it left in its PATH is not for mago's own.
func (w *Workspace) Through() { w.ours = true }

// Inside is the path that programs in the sandbox know a file of the workspace by.
func (w *Workspace) Inside(path string) string { return filepath.Join(w.Sandbox.Path(w.dir), path) }

// remove removes what a build has left at a path of the workspace.
func (w *Workspace) remove(path string) error {
	in, err := w.files.Open(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	return deep.RemoveAt(int(in.Fd()), filepath.Base(path))
}

// Walk is fs.WalkDir over what a build has left, which may be made to take for ever: it ends with ctx, and does not go
// deeper than sandbox.MaxDepth.
func (w *Workspace) Walk(ctx context.Context, dir string, visit fs.WalkDirFunc) error {
	return fs.WalkDir(w.files.FS(), dir, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case strings.Count(file, "/") > sandbox.MaxDepth:
			return &Error{"source", fmt.Errorf("the build has made %d levels of directories", sandbox.MaxDepth)}
		}
		return visit(file, entry, err)
	})
}

// maxFile bounds what is taken of a build in bytes; NVIDIA's modules, the largest known, have 60 MB.
const maxFile = 1 << 30

// Open opens a file that the build has made: no second name of a file that only root may read, and of a size that a
// module may have. It opens no more of them once ctx has ended.
func (w *Workspace) Open(ctx context.Context, path string) (*os.File, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	file, err := foreign.OpenRegular(w.files, path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case w.Sandbox.Drop && isOthers(info, w.Sandbox.UID):
		err = fmt.Errorf("%s is a hard link to a file that is not the build's", visible.Line(path))
	case info.Size() > maxFile:
		err = fmt.Errorf("%s has %d bytes", visible.Line(path), info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func isOthers(info os.FileInfo, uid uint32) bool {
	stat := info.Sys().(*syscall.Stat_t)
	return stat.Nlink > 1 && stat.Uid != uid
}

// prepare copies the source to <name>/<version>/build, dkms's own layout, hands it to the build user and gives the build
// directory. The directory beside it is the one that dkms keeps a kernel's results in; some POST_BUILD write there.
func (w *Workspace) prepare(ctx context.Context, name, version string) (build string, err error) {
	build = filepath.Join(name, version, "build")
	if err := w.files.MkdirAll(filepath.Join(name, version, w.Job.Kernel.Release, w.Job.Kernel.Arch), 0o755); err != nil {
		return "", err
	}
	if err := w.copyTree(ctx, w.Job.Source, build); err != nil {
		return "", fmt.Errorf("copy the source of %s: %w", w.Job.Source.Name, err)
	}
	return build, w.Sandbox.Own(w.dir)
}
