package main

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the command line. Names and letters are module-assistant's, so that its users need no new habits.
type cli struct {
	options

	Update        updateCommand        `cmd:"" help:"Rebuild the catalog of module sources from apt's lists."`
	List          listCommand          `cmd:"" aliases:"la,list-available" help:"List the known modules: source package, version, what is built and installed."`
	ListInstalled listInstalledCommand `cmd:"" aliases:"li" help:"List the modules that are installed, as source or built."`
	Search        searchCommand        `cmd:"" help:"List the modules whose name or description holds a text."`
	Show          showCommand          `cmd:"" help:"Show all about a module: source, recipe, files, builds, logs."`
	Prepare       prepareCommand       `cmd:"" help:"Install what building for the kernels needs: headers, compiler, make."`
	Get           getCommand           `cmd:"" aliases:"unpack" help:"Fetch the source of modules into mago's cache and open it."`
	Build         buildCommand         `cmd:"" help:"Build modules whose source is there and write their packages; install nothing."`
	AutoBuild     autoBuildCommand     `cmd:"" aliases:"a-b" help:"Get and build."`
	Install       installCommand       `cmd:"" help:"Install what was built, through dpkg."`
	AutoInstall   autoInstallCommand   `cmd:"" aliases:"a-i" help:"Prepare, get, build and install."`
	Status        statusCommand        `cmd:"" help:"Show every kernel and every module built or installed: present, excluded, stale, missing, failed."`
	Clean         cleanCommand         `cmd:"" help:"Remove opened sources, build trees and old builds."`
	Purge         purgeCommand         `cmd:"" help:"Clean, and forget packages, downloads and records too."`
	Man           manCommand           `cmd:"" hidden:"" help:"Print the manual page in troff."`
	Completion    completionCommand    `cmd:"" hidden:"" help:"Print the completion for bash."`
}

// options hold for every command.
type options struct {
	KversList  []string         `short:"l" sep:"none" placeholder:"KERNELS" help:"Kernels to work for: releases, globs, running (default), installed, all, newest; several with commas."`
	KernelDir  []string         `short:"k" sep:"none" placeholder:"DIRS" help:"Directories of kernel headers; their kernels are worked for. Also from the environment: KERNELDIRS."`
	Force      bool             `short:"f" help:"Do again what is done already: fetch, open, build, install."`
	NoRebuild  bool             `short:"n" help:"Build nothing where any package of the module for the kernel is there, even an old one."`
	NonInter   bool             `short:"i" help:"Ask nothing, and go on with the next module after a failed build."`
	Quiet      bool             `short:"q" help:"Print errors only."`
	Verbose    bool             `short:"v" help:"Print what make, apt and dpkg print, and full paths."`
	TextMode   bool             `short:"t" help:"Print plain lines even on a terminal."`
	UserDir    string           `short:"u" name:"user-dir" aliases:"userdir" placeholder:"DIR" help:"Keep everything below DIR instead of /var/cache/mago or ~/.cache/mago."`
	NotUnpack  bool             `short:"O" help:"Build the opened source as it lies in the cache, edited by hand or not; never fetch or open it."`
	UnpackOnce bool             `short:"o" help:"Accepted for module-assistant's users; mago opens a source once anyway."`
	SudoCmd    string           `short:"S" placeholder:"COMMAND" help:"Command that runs apt and dpkg as root where mago itself is not, such as sudo."`
	Dest       string           `env:"KPKG_DEST_DIR" placeholder:"DIR" help:"Directory for copies of the packages."`
	Sandbox    string           `enum:"auto,bubblewrap,namespaces,user" default:"auto" env:"MAGO_SANDBOX" placeholder:"ROOM" help:"Room to build in: auto (the closest that works), bubblewrap, namespaces, user."`
	Limit      []string         `sep:"," placeholder:"NAME=VALUE" help:"What a build may take: time=6h, memory=8G, processes=4096, output=20G; none lifts a limit."`
	DryRun     bool             `help:"Say what would be done, and change nothing."`
	Unsigned   bool             `name:"allow-unauthenticated" help:"Take packages from archives whose signature apt has not checked, and what was built of them, in this run."`
	AllowFile  []string         `name:"allow-file" sep:"none" placeholder:"GLOB" help:"Let the packages of modules bring files that match GLOB, such as /etc/default/*, though modules have none there; may be given several times."`
	Root       string           `default:"/" placeholder:"DIR" help:"Work on the system under DIR."`
	Wait       waitOption       `placeholder:"DURATION" help:"Wait for other mago processes that are at the same thing, without end or at most so long for each (--wait=10m)."`
	Version    kong.VersionFlag `help:"Print mago's version."`
}

// moduleArgs are the modules of the commands that need some.
type moduleArgs struct {
	Modules []string `arg:"" name:"module" help:"Names, all, alli (installed), allu (opened), directories or tarballs."`
}

// jsonOption is --json of the commands that show something.
type jsonOption struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// apply leaves standard output to the JSON where that is asked for.
func (o jsonOption) apply(a *app) {
	a.reading = true
	a.screen.quiet = a.screen.quiet || o.JSON
}

// usageError is a command line that mago does not understand.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// dispatch runs one command, or several that commas join, one after the other once all of them are understood.
func dispatch(ctx context.Context, m machine, args []string, stdout *stream, stderr io.Writer) error {
	var runs []func() error
	for _, words := range commandLines(args) {
		var c cli
		parsed, err := parse(&c, words, stdout, stderr)
		if err != nil || parsed == nil {
			return err
		}
		runs = append(runs, func() error {
			a, err := newApp(m, c.options, stdout, stderr)
			if err != nil {
				return err
			}
			parsed.BindTo(ctx, (*context.Context)(nil))
			return parsed.Run(a)
		})
	}
	var worst error
	for _, run := range runs {
		err := run()
		if status := (*statusError)(nil); errors.As(err, &status) {
			worst = err // says how things are, and stops nothing
		} else if err != nil {
			return err
		}
	}
	return worst
}

// commandLines is a command line for each of the commands that commas join, in the one order that kong takes: it wants words
// together, but apt's and dpkg's users put options among them.
func commandLines(args []string) [][]string {
	words, flags, rest := partArgs(args)
	if len(words) == 0 {
		return [][]string{args}
	}
	var all [][]string
	for command := range strings.SplitSeq(words[0], ",") {
		if len(rest) > 0 {
			all = append(all, slices.Concat([]string{command}, flags, []string{"--"}, words[1:], rest))
		} else {
			all = append(all, slices.Concat([]string{command}, words[1:], flags))
		}
	}
	return all
}

// helpPrinted unwinds kong after --help and --version, which expect the process to end there.
type helpPrinted struct{}

// parse reads the command line; nil without an error where help was all that was asked for.
func parse(c *cli, args []string, stdout, stderr io.Writer) (parsed *kong.Context, err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(helpPrinted); !ok {
				panic(r)
			}
			parsed, err = nil, nil
		}
	}()
	parser, err := newParser(c, stdout, stderr)
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err = parser.Parse(args)
	if err != nil {
		return nil, &usageError{err}
	}
	return parsed, nil
}

func newParser(c *cli, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("mago"),
		kong.Description("Build Debian packages of out-of-tree kernel modules, when and only when asked."),
		kong.Writers(stdout, stderr),
		kong.Vars{"version": "mago " + ownVersion()},
		kong.Exit(func(int) { panic(helpPrinted{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
}

// partArgs parts words from flags, which keep their values, and from what stands behind "--", which are all words.
func partArgs(args []string) (words, flags, rest []string) {
	valued := valuedFlags()
	for i := 0; i < len(args); i++ {
		switch arg := args[i]; {
		case arg == "--":
			return words, flags, args[i+1:]
		case !strings.HasPrefix(arg, "-"):
			words = append(words, arg)
		case valued[arg] || shortCluster(arg, valued):
			flags = append(flags, args[i:min(i+2, len(args))]...)
			i++
		default:
			flags = append(flags, arg)
		}
	}
	return words, flags, nil
}

// valuedFlags are the flags that take the next argument for their value. The commands' own take none.
func valuedFlags() map[string]bool {
	valued := map[string]bool{}
	parser, err := newParser(&cli{}, io.Discard, io.Discard)
	if err != nil {
		return valued
	}
	for _, flag := range parser.Model.Flags {
		if flag.IsBool() {
			continue
		}
		for _, name := range flagNames(flag) {
			valued[name] = true
		}
	}
	return valued
}

// flagNames are all that a flag can be called by, with their dashes.
func flagNames(flag *kong.Flag) []string {
	names := []string{"--" + flag.Name}
	if flag.Short != 0 {
		names = append(names, "-"+string(flag.Short))
	}
	for _, alias := range flag.Aliases {
		names = append(names, "--"+alias)
	}
	return names
}

// shortCluster reports whether letters such as -fl end in one that takes the next argument.
func shortCluster(arg string, valued map[string]bool) bool {
	if strings.HasPrefix(arg, "--") {
		return false
	}
	for i, letter := range arg[1:] {
		if valued["-"+string(letter)] {
			return i == len(arg)-2
		}
	}
	return false
}

// lists splits option values as module-assistant does: at commas, blanks and newlines.
func lists(values ...string) []string {
	return strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return strings.ContainsRune(", \t\n", r) })
}

var errNothingNamed = errors.New("no module named")

// listOrPath takes a value that exists as a path for that one path, whatever characters it has, and else for a list.
func listOrPath(value string) []string {
	if _, err := os.Stat(value); err == nil {
		return []string{value}
	}
	return lists(value)
}
