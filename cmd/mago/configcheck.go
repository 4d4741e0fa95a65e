package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mago/cmd/mago/internal/config"
	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
	"mago/debpkg/rooted"
)

// mistakeJSON is a mistake as --json has it; its form is part of mago's interface.
type mistakeJSON struct {
	File  string `json:"file"`
	Line  int    `json:"line,omitempty"`
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
	Idle  bool   `json:"idle,omitempty"` // whether it counts for no exit code
}

// checkConfig prints the mistakes in the files, and what ends no command and is hardly meant.
func (a *app) checkConfig(ctx context.Context, asJSON bool) error {
	known, unread := a.modulesKnown(ctx)
	mistakes := slices.Concat(a.config.Mistakes, a.config.Doubts(rooted.Root(a.Root), known))
	all := []mistakeJSON{}
	for _, m := range mistakes {
		all = append(all, mistakeJSON{m.File, m.Line, engine.OneLine(m.Err), a.adviser().mistakeHint(m), m.Idle})
	}
	counts := slices.ContainsFunc(mistakes, func(m *config.Mistake) bool { return !m.Idle })
	if asJSON {
		if err := a.printJSON(all); err != nil {
			return err
		}
	} else {
		a.tellMistakes(mistakes, counts, unread)
	}
	if counts {
		return &statusError{exitUsage}
	}
	return nil
}

func (a *app) tellMistakes(mistakes []*config.Mistake, counts bool, unread error) {
	for _, m := range mistakes {
		text := m.Error()
		if hint := a.adviser().mistakeHint(m); hint != "" {
			text += "; " + hint
		}
		a.screen.line(text)
	}
	if unread != nil && len(a.config.Modules()) > 0 {
		a.screen.line(fmt.Sprintf("whether there are modules called %s is not known: %v", strings.Join(a.config.Modules(), ", "), unread))
	}
	if !counts {
		a.screen.line("the configuration has no mistakes: " + engine.Plural(len(a.config.Files), "file") + " read")
		a.tellClosed()
	}
}

// modulesKnown are the modules that apt's lists have, that are built or installed, or that mago keeps something of.
func (a *app) modulesKnown(ctx context.Context) (all []string, err error) {
	if len(a.config.Modules()) == 0 {
		return nil, nil
	}
	a.Reading = true
	for _, kind := range []string{engine.NamesKnown, engine.NamesHere, engine.NamesKept} {
		names, err := a.Names(ctx, kind)
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	return all, nil
}

// mistakeHint is what mends a mistake, where a command does.
func (a adviser) mistakeHint(m *config.Mistake) string {
	var shared *config.SharedError
	var open *keyring.OpenToOthersError
	switch {
	case errors.As(m, &shared) && shared.Owned:
		return fmt.Sprintf(`run "%s"`, a.on.ByRoot("chown", "root", shared.Dir))
	case errors.As(m, &shared):
		return fmt.Sprintf(`run "%s"`, a.on.ByRoot("chmod", "go-w", shared.Dir))
	case errors.As(m, &open):
		return fmt.Sprintf(`run "%s"`, a.closing(open.Path))
	}
	return ""
}

// configHint says how a mistake is mended, and how all are seen.
func (a adviser) configHint(e *config.Error) string {
	if len(e.Mistakes) > 1 {
		return fmt.Sprintf(`"%s" names all mistakes`, a.on.Mago("config", "--check"))
	}
	if hint := a.mistakeHint(e.Mistakes[0]); hint != "" {
		return hint
	}
	return fmt.Sprintf(`mend it; "%s" looks at all files`, a.on.Mago("config", "--check"))
}
