package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// optionGroup is a part of the options that all commands take, in the order of the manual page.
type optionGroup struct {
	title string
	uses  []optionUse
}

// optionUse says which commands an option means something to; the others take it and ignore it.
type optionUse struct {
	name     string
	commands string // blanks between them; "" for one that is not shown with each
}

const (
	forBuilds   = "build auto-build auto-install check"
	forPackages = forBuilds + " install"
	forSources  = forPackages + " get prepare"
	forKernels  = forPackages + " prepare show status log clean purge"
	forChanges  = forSources + " update clean purge"
)

var optionGroups = []optionGroup{
	{"Kernels", []optionUse{{"kvers-list", forKernels + " sign"}, {"kernel-dir", forKernels}}},
	{"What is done", []optionUse{
		{"force", forPackages + " get update key sign"}, {"no-rebuild", forBuilds}, {"reuse", forBuilds}, {"non-inter", forSources + " clean key"}, {"not-unpack", forBuilds},
		{"dry-run", forChanges + " key sign"}, {"dest", forBuilds}, {"name", strings.Join(calling, " ") + " key"}, {"sudo-cmd", "update prepare install auto-install"},
	}},
	{"Sandbox", []optionUse{{"jobs", forBuilds}, {"sandbox", forBuilds + " status"}, {"limit", forBuilds + " status"}}},
	{"Screen", []optionUse{{"quiet", ""}, {"verbose", ""}, {"text-mode", ""}}},
	{"Directories and waiting", []optionUse{{"user-dir", ""}, {"root", ""}, {"wait", ""}, {"unpack-once", ""}, {"help", ""}, {"version", ""}}},
	{"Weaker checks, in one run", []optionUse{{"allow-unauthenticated", ""}, {"allow-file", ""}, {"unsigned", ""}}},
}

// usualOptions are those that the first page of help has.
var usualOptions = map[string]string{
	"kvers-list": "Kernels: releases, running (default), all, newest",
	"force":      "Do again what is done already",
	"sudo-cmd":   "Run apt and dpkg through COMMAND, such as sudo",
	"verbose":    "Print what make, apt and dpkg print, and full paths",
	"dry-run":    "Say what would be done, and change nothing",
}

// flagsOf are a group's options that mean something to a command; all of them for nil.
func (g optionGroup) flagsOf(model *kong.Application, node *kong.Node) []*kong.Flag {
	var flags []*kong.Flag
	for _, use := range g.uses {
		flag := flagCalled(model.Flags, "--"+use.name)
		if flag != nil && (node == nil || slices.Contains(strings.Fields(use.commands), node.Name)) {
			flags = append(flags, flag)
		}
	}
	return flags
}

// optionsFor are a command's own options and those of all that mean something to it.
func optionsFor(model *kong.Application, node *kong.Node) []*kong.Flag {
	var flags []*kong.Flag
	for _, flag := range node.Flags {
		if !flag.Hidden {
			flags = append(flags, flag)
		}
	}
	for _, group := range optionGroups {
		flags = append(flags, group.flagsOf(model, node)...)
	}
	return flags
}
