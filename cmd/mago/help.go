package main

import (
	"slices"

	"github.com/alecthomas/kong"
)

type helpCommand struct {
	Topic string `arg:"" optional:"" name:"topic" help:"A command, options, dkms, module-assistant, or apt."`
}

// AfterApply prints help at once, whatever the machine and the other options are.
func (c *helpCommand) AfterApply(k *kong.Kong) error {
	if err := c.write(k); err != nil {
		return err
	}
	k.Exit(exitDone)
	return nil
}

func (c *helpCommand) write(k *kong.Kong) error {
	if c.Topic == "" {
		writeOverview(k.Stdout, k.Model)
		return nil
	}
	if node := commandCalled(k.Model, c.Topic); node != nil {
		writeCommandHelp(k.Stdout, k.Model, node)
		return nil
	}
	if c.Topic == "options" {
		writeOptionsHelp(k.Stdout, k.Model)
		return nil
	}
	if i := slices.IndexFunc(foreignHabits, func(h habits) bool { return h.program == c.Topic }); i >= 0 {
		writeHabits(k.Stdout, foreignHabits[i])
		return nil
	}
	return unknownCommand(k.Model, c.Topic, "", nil)
}

// helpTopics are those beside the commands.
func helpTopics() []string {
	topics := []string{"options"}
	for _, h := range foreignHabits {
		topics = append(topics, h.program)
	}
	return topics
}

// Run has nothing left to do.
func (c *helpCommand) Run() error { return nil }

type versionCommand struct{}

// Run prints mago's version.
func (c *versionCommand) AfterApply(k *kong.Kong) error {
	_, err := k.Stdout.Write([]byte("mago " + ownVersion() + "\n"))
	if err != nil {
		return err
	}
	k.Exit(exitDone)
	return nil
}

// Run has nothing left to do.
func (c *versionCommand) Run() error { return nil }

// printHelp is what --help prints.
func printHelp(_ kong.HelpOptions, ctx *kong.Context) error {
	if node := ctx.Selected(); node != nil {
		writeCommandHelp(ctx.Stdout, ctx.Model, node)
	} else {
		writeOverview(ctx.Stdout, ctx.Model)
	}
	return nil
}
