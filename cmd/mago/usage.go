package main

import (
	"cmp"
	"errors"
	"fmt"

	"mago/cmd/mago/internal/engine"
)

// misuseError is a usage error with the command that it is about, "" where there is none, and the next step where that is
// not the command's help.
type misuseError struct {
	command string
	step    string
	err     error
}

func (e *misuseError) Error() string { return e.err.Error() }
func (e *misuseError) Unwrap() error { return e.err }

func (e *misuseError) Hint() string { return cmp.Or(e.step, helpHint(e.command)) }

func helpHint(command string) string {
	if command == "" {
		return `run "mago help"`
	}
	return fmt.Sprintf("run %q", "mago help "+command)
}

func misuse(command, format string, args ...any) error {
	return &misuseError{command: command, err: &engine.UsageError{Err: fmt.Errorf(format, args...)}}
}

// misuseOf names the command to a usage error that does not say which one it is about.
func misuseOf(command string, err error) error {
	if errors.As(err, new(*misuseError)) || !errors.As(err, new(*engine.UsageError)) {
		return err
	}
	return &misuseError{command: command, err: err}
}
