package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"

	"mago/cmd/mago/internal/engine"

	"github.com/alecthomas/kong"
)

// cli is the command line. Names and letters are module-assistant's.
type cli struct {
	options

	AutoInstall   autoInstallCommand   `cmd:"" aliases:"a-i,ai" example:"sudo mago auto-install v4l2loopback" help:"Prepare, get, build and install."`
	List          listCommand          `cmd:"" aliases:"la,list-available" example:"mago list all" help:"List the known modules: source package, version, what is built and installed."`
	ListInstalled listInstalledCommand `cmd:"" aliases:"li,l-i" minor:"" help:"List the modules that are installed, as source or built."`
	Search        searchCommand        `cmd:"" example:"mago search video" help:"List modules by words in their name or description."`
	Show          showCommand          `cmd:"" example:"mago show v4l2loopback" help:"Show all about a module: source, recipe, files, builds, logs."`
	Status        statusCommand        `cmd:"" example:"mago status" help:"Show the state of modules: every module for every kernel, and the command to type."`
	Log           logCommand           `cmd:"" minor:"" example:"mago log v4l2loopback" help:"Print the log of a module's last build, or follow one."`
	Update        updateCommand        `cmd:"" minor:"" example:"sudo mago update --apt" help:"Rebuild the catalog of module sources from apt's lists."`
	Prepare       prepareCommand       `cmd:"" example:"sudo mago prepare" help:"Install what building for the kernels needs: headers, compiler, make."`
	Get           getCommand           `cmd:"" aliases:"unpack" example:"mago get,build v4l2loopback" help:"Fetch sources into mago's cache and open them."`
	Build         buildCommand         `cmd:"" example:"mago build ./hello-1.0" help:"Build sources that are there and write packages; install nothing."`
	AutoBuild     autoBuildCommand     `cmd:"" aliases:"a-b,ab" example:"mago auto-build -l all v4l2loopback" help:"Get and build."`
	Check         checkCommand         `cmd:"" example:"mago check && sudo apt upgrade" help:"Say whether modules build for kernels to come: those that apt would bring; install nothing."`
	Install       installCommand       `cmd:"" example:"sudo mago install v4l2loopback" help:"Install what was built, through dpkg."`
	Key           keyCommand           `cmd:"" minor:"" example:"sudo mago key new" about-name:"What new and rotate call the certificates: up to 40 ASCII letters, which the blue screen shows; by default after the machine." about-force:"Make or import another key where there is one, which is kept." help:"Make, import, change and show the keys that sign modules for machines with Secure Boot."`
	Sign          signCommand          `cmd:"" minor:"" example:"mago sign --requests to-sign" help:"Have modules signed on another machine, which alone has the key, in three steps."`
	Config        configCommand        `cmd:"" minor:"" example:"mago config v4l2loopback" help:"Show the configuration in force and where each value comes from, or its mistakes."`
	Clean         cleanCommand         `cmd:"" example:"mago clean v4l2loopback" help:"Remove opened sources, build trees and old builds."`
	Purge         purgeCommand         `cmd:"" example:"mago purge v4l2loopback" help:"Clean, and forget packages, downloads and records too; with all, of every module."`
	Help          helpCommand          `cmd:"" minor:"" example:"mago help auto-install" help:"Print help for a command, the options, or the users of another program."`
	Release       versionCommand       `cmd:"" name:"version" minor:"" help:"Print mago's version."`
	Man           manCommand           `cmd:"" hidden:"" help:"Print the manual page in troff."`
	Completion    completionCommand    `cmd:"" hidden:"" help:"Print the completion for bash."`
}

// options are those of every command.
type options struct {
	KversList  []string         `short:"l" sep:"none" placeholder:"KERNELS" help:"Kernels to work for: releases, globs, running (default), installed, all, newest, every (all in apt), next (what apt full-upgrade would bring); several with commas."`
	KernelDir  []string         `short:"k" sep:"none" placeholder:"DIRS" help:"Directories of kernel headers to build for; also from the variable KERNELDIRS."`
	Force      bool             `short:"f" help:"Do again what is done already: fetch, open, build, install."`
	NoRebuild  bool             `short:"n" help:"Build nothing for a kernel that has a package of the module already, even an old one."`
	NonInter   bool             `short:"i" help:"Ask nothing, as mago does anyway, but for clean --orphans."`
	Reuse      bool             `help:"Take the modules built for another kernel where all their symbols have the same CRCs in this one; mago(8) says what CRCs do not see. MAGO_REUSE=1 asks for it, too."`
	Quiet      bool             `short:"q" help:"Print errors only."`
	Verbose    bool             `short:"v" help:"Print what make, apt and dpkg print, and full paths."`
	TextMode   bool             `short:"t" help:"Print plain lines even on a terminal."`
	UserDir    string           `short:"u" name:"user-dir" aliases:"userdir" placeholder:"DIR" help:"Keep everything below DIR instead of /var/cache/mago or ~/.cache/mago."`
	NotUnpack  bool             `short:"O" help:"Build the opened source in the cache as it is, edited or not; fetch and open nothing."`
	UnpackOnce bool             `short:"o" help:"Accepted for module-assistant's users; mago opens a source once anyway."`
	SudoCmd    string           `short:"S" placeholder:"COMMAND" help:"Command that runs apt and dpkg as root where mago does not run as root, such as sudo."`
	Dest       string           `placeholder:"DIR" help:"Directory for copies of the packages."`
	Sandbox    string           `placeholder:"SANDBOX" help:"Sandbox to build in: auto (the first that works), bubblewrap, namespaces; mago(8) has a weaker one."`
	Jobs       int              `short:"j" placeholder:"N" help:"Compilers at once, of all builds together; by default what processors, memory and the cgroup's quota allow."`
	Limit      []string         `sep:"," placeholder:"NAME=VALUE" help:"Limits of a build: time=6h, memory=8G, processes=4096, output=20G; none lifts a limit."`
	DryRun     bool             `help:"Say what would be done, and change nothing."`
	Unverified bool             `name:"allow-unauthenticated" weakens:"" help:"Take packages from archives whose signature apt has not checked, and what was built of them, in this run."`
	Unsigned   bool             `name:"unsigned" weakens:"" help:"Sign nothing, and install unsigned modules also where the kernel loads signed ones only, or has signed ones of the same names."`
	AllowFile  []string         `name:"allow-file" weakens:"" sep:"none" placeholder:"GLOB" help:"Allow a module's package to have files that match GLOB, such as /etc/default/*, where modules usually have none; may be given several times."`
	Called     string           `name:"name" placeholder:"NAME" help:"Use NAME for the directory or tarball that is built, where its own name is taken or it has none; of key new and rotate, in the certificates."`
	Root       string           `default:"/" placeholder:"DIR" help:"Work on the system under DIR."`
	Wait       waitOption       `placeholder:"DURATION" help:"Wait until other mago processes have finished with the same module and kernel, or for each at most DURATION (--wait=10m)."`
	Version    kong.VersionFlag `help:"Print mago's version."`
}

// moduleArgs are the arguments of commands that need modules.
type moduleArgs struct {
	eventOption
	Modules []string `arg:"" name:"module" help:"Names, all, alli (installed), allu (opened), directories or tarballs."`
}

// buildArgs are the arguments of commands that build.
type buildArgs struct {
	moduleArgs
	signOptions
}

func (o buildArgs) take(a *app) error {
	o.apply(a)
	return o.signOptions.take(a)
}

// eventOption is --json of the commands that do something.
type eventOption struct {
	JSON bool `name:"json" help:"Print what happens as JSON, one object a line."`
}

func (o eventOption) apply(a *app) { a.render.json = o.JSON }

// jsonOption is --json of the commands that show something.
type jsonOption struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// apply keeps everything but the JSON off standard output.
func (o jsonOption) apply(a *app) {
	a.Reading = true
	a.screen.quiet = a.screen.quiet || o.JSON
}

// dispatch runs one command, or several that commas join: it parses all of them before it runs the first.
func dispatch(ctx context.Context, m engine.Machine, args []string, stdout *stream, stderr io.Writer) error {
	if err := understand(grammar(), args); err != nil {
		return &systemError{engine.Unplaced(m.AsRoot, os.Getenv("SUDO_USER")), err}
	}
	var runs []func() error
	var names []string
	for _, words := range commandLines(args) {
		var c cli
		parsed, err := parse(&c, words, stdout, stderr)
		if err != nil || parsed == nil {
			return err
		}
		if !c.Quiet {
			names = append(names, parsed.Selected().Name)
		}
		runs = append(runs, func() error {
			a, err := newApp(m, c.options, parsed.Selected().Name, stdout, stderr)
			if err != nil {
				_, flags, _ := partArgs(words)
				on, _ := systemOf(optionsOf(flags))
				return misuseOf(parsed.Selected().Name, &systemError{on, err})
			}
			defer a.render.tellAtOnce(ctx)()
			parsed.BindTo(ctx, (*context.Context)(nil))
			err = a.ofSystem(a.WhoseFiles(parsed.Run(a)))
			if ctx.Err() != nil && a.Force {
				return &forcedError{err}
			}
			return misuseOf(parsed.Selected().Name, err)
		})
	}
	for _, note := range unused(os.Getenv, names) {
		complain(stderr, "mago: note: "+note)
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

// helpPrinted unwinds kong after --help and --version, where kong would exit.
type helpPrinted struct{}

// parse reads the command line; it returns nil without an error after printing help.
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
		return nil, misuseOf(commandOf(args), &engine.UsageError{Err: err})
	}
	return parsed, cmp.Or(checkSandbox(cmp.Or(c.Sandbox, os.Getenv("MAGO_SANDBOX"), "auto")), checkCalled(c.Called, parsed.Selected()))
}

func newParser(c *cli, stdout, stderr io.Writer) (*kong.Kong, error) {
	parser, err := kong.New(c,
		kong.Name("mago"),
		kong.Writers(stdout, stderr),
		kong.Vars{"version": "mago " + ownVersion()},
		kong.Exit(func(int) { panic(helpPrinted{}) }),
		kong.Help(printHelp),
	)
	if err == nil {
		parser.Model.HelpFlag.Help = "Print help: the first page, or a command's."
	}
	return parser, err
}
