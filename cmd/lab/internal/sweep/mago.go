package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"mago/cmd/lab/internal/debian"
)

// The exit codes of mago that say more than that it failed; its manual page lists them.
const (
	exitNoTool   = 6
	exitNotMeant = 11
	exitBusy     = 14
)

// shown is what the sweep reads of "mago show --json".
type shown struct {
	Module   string
	Recipe   string
	Packages []struct{ Name, Version, Kind string }
	Builds   []record
}

type record struct {
	Kernel  string
	Result  string
	Error   string
	Started time.Time
	Source  struct{ Package string }
	Recipe  string
	Modules []string
	Package string
	Deb     string
	Size    int64
	Log     string
	Common  *struct{ Package, Deb string }
	Reused  *struct{ Kernel string }
}

// show asks mago about modules.
func (s *sweep) show(ctx context.Context, names ...string) ([]shown, error) {
	cmd := s.system.Command(ctx, append([]string{"mago", "show", "--json"}, names...)...)
	cmd.Stderr = s.stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("mago show: %w", err)
	}
	var all []shown
	return all, json.Unmarshal(text, &all)
}

// errLater says that a row needs what another row's build is at, or has not given yet.
var errLater = errors.New("another row is to be done first")

// build has mago do its part: prepare and get the source, which use apt, then build, which several may do at a time.
func (s *sweep) build(ctx context.Context, x *row, log *os.File) error {
	begun := time.Now()
	x.Mago, x.Install, x.Loads, x.Modules, x.Size = nil, nil, nil, nil, 0
	var last ran
	for _, step := range []string{"prepare", "get", "build"} {
		args := []string{"mago", "-t", "-i", "-l", x.Kernel, step, x.Package}
		if step == "build" {
			args = append(args, "-f")
		}
		var err error
		if last, err = s.step(ctx, log, step != "build", args); err != nil {
			return err
		}
		if last.code != 0 {
			break
		}
	}
	if last.code == exitBusy {
		return errLater
	}
	why := debian.MagoError(last.output)
	if _, reason, excluded := strings.Cut(why, ": not meant for this kernel: "); excluded {
		why = reason
	}
	x.Mago = &outcome{Result: resultOf(last.code), Seconds: last.seconds, Why: why}
	return s.readRecord(ctx, x, begun)
}

func resultOf(code int) string {
	switch code {
	case 0:
		return built
	case -1:
		return tooLong
	case exitNotMeant:
		return notMeant
	case exitNoTool:
		return needs
	}
	return failed
}

// step runs a program on mago's system, those that use apt one at a time.
func (s *sweep) step(ctx context.Context, log *os.File, apt bool, args []string) (ran, error) {
	if apt {
		s.apt.Lock()
		defer s.apt.Unlock()
	}
	fmt.Fprintf(log, "$ %q\n", args)
	return runLimited(ctx, s.limit, log, func(ctx context.Context) *exec.Cmd { return s.system.Command(ctx, args...) })
}

// readRecord adds what the build's record tells, and keeps its package beside the row.
func (s *sweep) readRecord(ctx context.Context, x *row, begun time.Time) error {
	all, err := s.show(ctx, x.Package)
	if err != nil || len(all) != 1 {
		return err
	}
	return s.takeRecord(x, all[0], begun)
}

// takeRecord does that with what mago has shown.
func (s *sweep) takeRecord(x *row, m shown, begun time.Time) error {
	x.Recipe = cmp.Or(m.Recipe, x.Recipe)
	for _, r := range m.Builds {
		if r.Kernel != x.Kernel || r.Started.Before(begun.Add(-time.Second)) {
			continue
		}
		x.Recipe = cmp.Or(r.Recipe, x.Recipe)
		if err := copyFile(s.rows.path(x.choice, ".build.log"), s.system.Path(r.Log)); err != nil {
			return err
		}
		if r.Error != "" && x.Mago.Result == failed {
			x.Mago.Why = r.Error
		}
		if r.Result == built && x.Mago.Result == built {
			return s.keepPackage(x, r)
		}
	}
	if x.Mago.Result == built {
		x.Mago = &outcome{Result: failed, Why: "mago keeps no record of the build", Seconds: x.Mago.Seconds}
	}
	return nil
}

func (s *sweep) keepPackage(x *row, r record) error {
	if r.Source.Package != x.Package {
		x.Mago = &outcome{Result: failed, Why: "mago built " + r.Source.Package + " instead", Seconds: x.Mago.Seconds}
		return nil
	}
	x.Modules = nil
	for _, file := range r.Modules {
		x.Modules = append(x.Modules, filepath.Base(file))
	}
	x.Size, x.Mago.Why, x.Common = r.Size, "", ""
	if r.Reused != nil {
		x.Mago.Donor = r.Reused.Kernel
	}
	if r.Common != nil {
		x.Common = r.Common.Package
		if err := copyFile(s.rows.path(x.choice, ".common.deb"), s.system.Path(r.Common.Deb)); err != nil {
			return err
		}
	}
	return copyFile(s.rows.path(x.choice, ".deb"), s.system.Path(r.Deb))
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
