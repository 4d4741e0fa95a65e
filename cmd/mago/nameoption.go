package main

import (
	"slices"

	"github.com/alecthomas/kong"

	"mago/cmd/mago/internal/keyring"
	"mago/sources"
)

// calling are the commands that a source of the user's own can be named to, and so --name.
var calling = []string{"get", "build", "auto-build", "install", "auto-install", "show", "prepare", "check", "clean", "purge"}

// checkCalled refuses a name that cannot be one, and one where no source is named.
func checkCalled(name string, command *kong.Node) error {
	switch {
	case name == "":
		return nil
	case command.Name == "key":
		if err := keyring.CheckName(name); err != nil {
			return misuse(command.Name, "--name: %w", err)
		}
		return nil
	case !slices.Contains(calling, command.Name):
		return misuse(command.Name, "--name: this command names no directory or tarball")
	}
	if err := sources.CheckName(name); err != nil {
		return misuse(command.Name, "--name: %w", err)
	}
	return nil
}
