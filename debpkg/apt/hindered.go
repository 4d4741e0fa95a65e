package apt

import (
	"errors"
	"slices"
	"strings"
)

// HinderedError says that apt or dpkg failed where other packages are in a state that either refuses to leave as it is.
type HinderedError struct {
	Err        error
	Unfinished []string      // packages that dpkg could not configure
	Broken     []string      // packages that have to be installed again
	Unmet      []*UnmetError // installed packages that lack what they depend on
}

func (e *HinderedError) Error() string {
	said := []string{e.Err.Error()}
	if names := slices.Concat(e.Unfinished, e.Broken); len(names) > 0 {
		said = append(said, "dpkg is not done with "+strings.Join(names, ", "))
	}
	for _, u := range e.Unmet {
		said = append(said, "the installed "+u.Package+" lacks "+strings.Join(u.Relations, ", "))
	}
	return strings.Join(said, "; ")
}

func (e *HinderedError) Unwrap() error { return e.Err }

// hindered adds to a failure of apt-get the packages that stand in its way, as far as dpkg's status shows any.
func (in *Installer) hindered(err error) error {
	if tool := (*ToolError)(nil); !errors.As(err, &tool) || tool.Tool != "apt-get" || tool.ExitCode < 0 || errors.As(err, new(*HinderedError)) {
		return err
	}
	if undone := (*UndoneError)(nil); errors.As(err, &undone) && len(undone.Left) > 0 {
		return err // which says what is left
	}
	status, serr := ReadStatus(in.Root)
	if serr != nil {
		return err
	}
	e := &HinderedError{Err: err, Unfinished: status.unfinished, Broken: status.broken, Unmet: status.unmetInstalled()}
	if len(e.Unfinished)+len(e.Broken)+len(e.Unmet) == 0 {
		return err
	}
	return e
}

// unmetInstalled lists the installed packages that lack what they depend on.
func (s *Status) unmetInstalled() (all []*UnmetError) {
	for _, p := range s.packages {
		u := &UnmetError{Package: p.Package}
		for _, field := range []string{p.PreDepends, p.Depends} {
			relations, _ := s.Unmet(field) // dpkg has taken it
			u.Relations = append(u.Relations, relations...)
		}
		if len(u.Relations) > 0 {
			all = append(all, u)
		}
	}
	return all
}
