package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"

	"mago/catalog"
	"mago/cmd/mago/internal/config"
	"mago/cmd/mago/internal/engine"
	"mago/debpkg"
	"mago/debpkg/apt"
	"mago/debpkg/codec"
	"mago/debpkg/payload"
	"mago/debpkg/visible"
	"mago/kbuild/deep"
	"mago/kbuild/proof"
	"mago/kbuild/recipe"
	"mago/kbuild/sandbox"
	"mago/sources"
	"mago/sources/lock"
	"mago/sources/way"
)

// explain is the one place that turns an error's type into an exit code and the next steps, a line each.
func explain(err error) (code int, hint string) {
	on := engine.System{}
	if at := (*systemError)(nil); errors.As(err, &at) {
		on = at.System
	}
	code, hint = adviser{on}.explain(err)
	return code, on.Fitted(hint)
}

// systemError is an error with the system that it is of.
type systemError struct {
	engine.System
	error
}

func (e *systemError) Unwrap() error { return e.error }

// adviser explains errors of a system.
type adviser struct{ on engine.System }

func (a adviser) explain(err error) (code int, hint string) {
	if output := (*outputError)(nil); errors.As(err, &output) {
		return outputCode(output), "the work is done and kept; only its output could not be written in full"
	}
	if engine.DiskFull(err) {
		return exitNoSpace, fmt.Sprintf(`free some space ("%s" helps), then run the same command again`, a.on.Mago("clean"))
	}
	if code, hint := a.explainUnwritable(err); code != 0 {
		return code, hint
	}
	if engine.Broken(err) {
		return exitError, engine.Hints(fmt.Sprintf(`this machine failed, not the source: "%s" may say more; then run the same command again`, a.on.ByRoot("dmesg")), shortOf(err))
	}
	if cause := engine.CauseOf(err); cause.Kind == recipe.CauseNoexec {
		return exitError, cause.String()
	} else if cause.OfMachine() {
		return exitError, engine.Hints(cause.String(), "this machine failed, not the source: once more of it is available, run the same command again")
	}
	for _, explained := range []func(error) (int, string){a.explainCommand, a.explainKey, a.explainCatalog, a.explainSource, a.explainKernel} {
		if code, hint := explained(err); code != 0 {
			return code, visible.Line(hint)
		}
	}
	for _, explained := range []func(error) (int, string){a.explainNoKernel, a.explainName, a.explainBuild} {
		if code, hint := explained(err); code != 0 {
			return code, hint
		}
	}
	if code, hint := a.explainPackage(err); code != 0 {
		return code, hint
	}
	return exitError, ""
}

// shortOf names the limits that mago's caller has set and that an error may be by, "" where there are none.
func shortOf(err error) string {
	for errno, letters := range map[syscall.Errno]string{syscall.EMFILE: "n", syscall.EFBIG: "f", syscall.ENOMEM: "vd", syscall.EAGAIN: "u"} {
		if low := sandbox.DefaultLimits("/").Inherited(letters); errors.Is(err, errno) && low != "" {
			return "mago's caller has set " + low
		}
	}
	return ""
}

func outputCode(e *outputError) int {
	if engine.DiskFull(e.err) {
		return exitNoSpace
	}
	return exitError
}

var aptRefuses = regexp.MustCompile(`(?m)^[EW]: .*(?:could not be authenticated|There were unauthenticated packages|The repository '.*' is not signed)`)

// aptSaid is what apt-get itself wrote before it failed: what a build prints leads nobody to --allow-unauthenticated.
func aptSaid(err error) string {
	if errors.As(err, new(*recipe.CompileError)) {
		return ""
	}
	if tool := (*apt.ToolError)(nil); errors.As(err, &tool) && tool.Tool != "apt-get" {
		return ""
	}
	return engine.Said(err)
}

// unauthenticated tells apt's refusals of what it can check no signature of from its other failures.
func unauthenticated(err error) bool {
	return errors.As(err, new(*apt.UnauthenticatedError)) || errors.As(err, new(*engine.UnauthenticatedBuildError)) || errors.As(err, new(*engine.StillUnauthenticatedError)) || aptRefuses.MatchString(aptSaid(err))
}

func (a adviser) explainCommand(err error) (int, string) {
	var misused *misuseError
	var root *engine.NotRootError
	var busy *lock.BusyError
	var several *engine.SeveralError
	var shared *engine.SharedError
	var all *engine.PurgeAllError
	var foreign *engine.ForeignFileError
	var logs *engine.SeveralLogsError
	var mistaken *config.Error
	var held *engine.HeldError
	switch {
	case errors.As(err, &held):
		return exitUsage, held.Hint()
	case errors.As(err, &mistaken):
		return exitUsage, a.configHint(mistaken)
	case errors.As(err, &logs):
		return exitUsage, logs.Hint()
	case errors.As(err, &several):
		code, _ := a.explain(several.First) // whose hint has been given
		return code, ""
	case errors.As(err, &foreign):
		return exitError, foreign.Hint(a.on)
	case errors.As(err, &shared):
		return exitError, shared.Hint(a.on)
	case errors.As(err, &all):
		return exitUsage, fmt.Sprintf(`"mago purge NAME" forgets one module, "%s" every one`, a.on.Mago("purge", "all"))
	case errors.As(err, &misused):
		return exitUsage, misused.Hint()
	case errors.As(err, new(*engine.UsageError)):
		return exitUsage, helpHint("")
	case errors.As(err, &root):
		return exitNotRoot, "run the same command with -S sudo; root has a cache of its own"
	case errors.As(err, &busy):
		return exitBusy, "--wait waits until it has finished, --wait=10m at most ten minutes"
	}
	return 0, ""
}

func (a adviser) explainCatalog(err error) (int, string) {
	var unknown *catalog.NotFoundError
	var missing *catalog.MissingError
	var inTree *catalog.InTreeError
	var unbuilt *engine.NotBuiltError
	var version *engine.NoVersionError
	var pin *engine.PinError
	switch {
	case errors.As(err, &pin) && pin.Hint() != "":
		return exitNoModule, pin.Hint()
	case errors.As(err, &version):
		return exitNoModule, version.Hint()
	case errors.As(err, &inTree):
		return exitInTree, fmt.Sprintf(`"%s"`, a.on.ByRoot("modprobe", inTree.Module))
	case errors.As(err, &missing):
		return exitNoModule, a.missingHint(missing)
	case errors.As(err, &unknown):
		if len(unknown.Needs) > 0 {
			return exitNoModule, fmt.Sprintf(`the package of that name needs %s; "%s" builds it`, strings.Join(unknown.Needs, " "), a.on.SudoMago(append([]string{"auto-install"}, unknown.Needs...)...))
		}
		if len(unknown.Similar) > 0 {
			return exitNoModule, "the nearest names: " + strings.Join(unknown.Similar, ", ")
		}
		return exitNoModule, fmt.Sprintf(`"%s" shows the known ones; a module's own directory can be named too, as ./hello`, a.on.Mago("list"))
	case errors.As(err, &unbuilt):
		return exitNoModule, unbuilt.Hint(a.on)
	case errors.Is(err, catalog.ErrNoLists):
		return exitFetch, a.noListsHint()
	}
	return 0, ""
}

func (a adviser) explainSource(err error) (int, string) {
	var fetch *apt.FetchError
	var unsafe *sources.UnsafeError
	var limit *sources.LimitError
	var bomb *codec.LimitError
	var layout *sources.LayoutError
	var format *debpkg.FormatError
	var damaged *sources.DamagedError
	var gone *engine.NoSourceError
	var unfetched *engine.NotFetchedError
	var edited *sources.EditedError
	var changed *way.ChangedError
	var doubted *engine.UnauthenticatedToolsError
	var link *way.LinkError
	var open *engine.OpenToOthersError
	var more *sources.SeveralError
	switch {
	case errors.As(err, &changed):
		return exitSource, "somebody replaced it while mago worked; do not trust its origin"
	case errors.As(err, &link):
		return exitSource, "name the link's target, if you want that"
	case errors.As(err, &edited):
		return exitSource, fmt.Sprintf(`"%s" opens it anew; -O builds it as it lies, and says so in the package`, a.on.Mago("get", "-f", edited.Module))
	case errors.As(err, &doubted):
		return exitFetch, fmt.Sprintf(`"%s" installs it again from an archive with a checked signature; else say --allow-unauthenticated for one run`,
			a.on.SudoMago("prepare", doubted.Unit.Word(), "-l", doubted.Unit.Kernel.Release))
	case unauthenticated(err):
		return exitFetch, "if you trust that archive all the same, --allow-unauthenticated takes it for one run"
	case errors.As(err, &fetch):
		return exitFetch, a.unfetchedHint()
	case errors.As(err, &unfetched):
		return exitFetch, unfetched.Hint(a.on)
	case errors.As(err, &unsafe), errors.As(err, &limit), errors.As(err, &bomb):
		return exitSource, "do not trust its origin; nothing of it was kept"
	case errors.As(err, new(*deep.LevelsError)):
		return exitSource, "no module's source is so deep; do not trust its origin"
	case errors.As(err, &open):
		return exitError, "if you trust them, name it by its path, " + engine.Pasted(open.Path)
	case errors.As(err, new(*sources.UnnamedError)):
		return exitSource, "give it one: run the same command with --name NAME"
	case errors.As(err, &more):
		return exitSource, apart(a.on, more.Archive, more.Package, more.Dirs)
	case errors.As(err, &layout):
		return exitSource, layoutHint(a.on, layout)
	case errors.As(err, &gone):
		return exitNoModule, gone.Hint()
	case errors.As(err, &damaged) && format == nil:
		return exitSource, damagedHint(damaged)
	case errors.As(err, &format), errors.As(err, &damaged):
		return exitSource, "remove the file and fetch it again"
	}
	return 0, ""
}

func (a adviser) explainName(err error) (int, string) {
	var taken *engine.TakenError
	var others *engine.OthersError
	var twice *engine.TwiceError
	switch {
	case errors.As(err, &twice):
		return exitUsage, twice.Hint()
	case errors.As(err, &taken):
		return exitSource, taken.Hint(a.on)
	case errors.As(err, &others):
		return exitNoModule, others.Hint()
	}
	return 0, ""
}

func (a adviser) explainBuild(err error) (int, string) {
	var refused *payload.RefusedError
	var wrong *recipe.Error
	var compile *recipe.CompileError
	var vermagic *proof.VermagicError
	var excluded *recipe.NotMeantError
	var limit *sandbox.LimitError
	hint := ""
	var failed *engine.BuildError
	if errors.As(err, &failed) {
		hint = failed.Hint(a.on)
	}
	switch {
	case errors.As(err, &refused):
		return exitRecipe, engine.AllowHint(refused)
	case errors.As(err, &limit):
		return exitBuild, strings.TrimPrefix(hint+"\n", "\n") + fmt.Sprintf("if this source needs more, allow it more than --limit %s=%s", limit.Name, limit.Value)
	case errors.As(err, &excluded):
		return exitNotMeant, "the module's own recipe says so; choose another kernel with -l"
	case errors.As(err, &compile), errors.As(err, &vermagic):
		return exitBuild, hint
	case errors.As(err, &wrong):
		return exitRecipe, hint
	case failed != nil:
		return exitBuild, hint
	}
	return 0, ""
}

// bootHint says how there comes to be room where the images are. What lies there are mostly other kernels.
func (a adviser) bootHint() string {
	return fmt.Sprintf(`"%s" removes kernels that nothing needs any more, or remove the package of another one; then run the same command again; what is built is kept`, a.on.Apt("autoremove", "--purge"))
}

func (a adviser) explainPackage(err error) (int, string) {
	var inTheWay *engine.InTheWayError
	var files *payload.InTheWayError
	var unmet *apt.UnmetError
	var dkms *apt.DKMSError
	var undone *apt.UndoneError
	var hindered *apt.HinderedError
	var clash *engine.ClashError
	var unloadable *engine.UnloadableError
	var locked *apt.LockedError
	var tool *apt.ToolError
	var space *engine.BootSpaceError
	switch {
	case errors.As(err, &space):
		return exitNoSpace, a.bootHint()
	case errors.As(err, &unloadable):
		return exitUnsigned, unloadable.Hint(a.on)
	case errors.As(err, &inTheWay):
		return exitPackages, inTheWay.Hint(a.on)
	case errors.As(err, &files):
		return exitPackages, "move a file that belongs to no package aside, then run the same command again; the source must leave out a file of another package; what is built is kept"
	case errors.As(err, &locked) && locked.Above:
		return exitBusy, "one of its hooks or scripts called mago; run mago when it has finished"
	case errors.As(err, &locked):
		return exitBusy, "when that has finished, run the same command again; what is built is kept"
	case errors.As(err, &clash):
		return exitPackages, clash.Hint()
	case errors.As(err, &hindered):
		return exitPackages, a.hinderedHint(hindered)
	case errors.As(err, &undone) && len(undone.Left) > 0:
		return exitPackages, a.leftHint(undone.Left)
	case errors.As(err, &undone):
		return exitPackages, "what dpkg had begun is undone; once its cause is gone, run the same command again; what is built is kept"
	case errors.As(err, &dkms):
		return exitPackages, a.dkmsHint(dkms)
	case errors.As(err, &unmet):
		return exitPackages, a.unmetHint()
	case errors.As(err, &tool) && strings.Contains(tool.Stderr, "dpkg was interrupted"):
		return exitPackages, fmt.Sprintf(`run "%s", then the same command again; what is built is kept`, a.on.Program("dpkg", "--configure", "-a"))
	case errors.As(err, &tool) && strings.Contains(tool.Stderr, "index files failed to download"):
		return exitFetch, `check the network and apt's sources; then run the same command again`
	case errors.As(err, &tool):
		return exitPackages, fmt.Sprintf(`once its cause is gone, run the same command again; "%s" shows what dpkg has left`, a.on.Program("dpkg", "--audit"))
	}
	return 0, ""
}
