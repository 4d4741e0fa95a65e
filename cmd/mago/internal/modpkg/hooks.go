package modpkg

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"mago/debpkg"
	"mago/kbuild/recipe"
)

// hookFunction is a shell function that runs one script of the source as dkms would: with its arguments and variables,
// from a directory of its own, for the source is not here. /tmp may be mounted noexec, so the interpreter reads it.
const hookFunction = `
# %[1]s of the source's dkms.conf
%[2]s() {
	directory=$(mktemp -d) || return
	cat >"$directory/script" <<'%[3]s'
%[4]s%[3]s
	status=0
	(cd "$directory" && %[5]s) || status=$?
	rm -rf "$directory"
	return "$status"
}
`

// hookCalls run a hook where dkms does. A failing PRE_INSTALL ends the installation, dkms(8) says; it passes over the
// failure of the others. On an upgrade the old version's POST_REMOVE does not run: it would undo what the new has done.
var hookCalls = map[string]struct{ script, call string }{
	"PRE_INSTALL": {"preinst", `
case "$1" in
install | upgrade)
	%[1]s || { echo "%[2]s of the source failed (exit status $?): not installed" >&2; exit 1; }
	;;
esac
`},
	"POST_INSTALL": {"postinst", `
if [ "$1" = configure ]; then
	%[1]s || echo "warning: %[2]s of the source failed (exit status $?)" >&2
fi
`},
	"POST_REMOVE": {"postrm", `
if [ "$1" = remove ]; then
	%[1]s || echo "warning: %[2]s of the source failed (exit status $?)" >&2
fi
`},
}

// hookScripts are the beginnings that hooks give a package's maintainer scripts, by these scripts' names.
func hookScripts(hooks []recipe.Hook) map[string]string {
	scripts := map[string]string{}
	for _, h := range hooks {
		function := strings.ToLower(h.When)
		end := heredocEnd(h)
		text := h.Script
		if !bytes.HasSuffix(text, []byte("\n")) {
			text = append(slices.Clone(text), '\n')
		}
		call := hookCalls[h.When]
		scripts[call.script] += fmt.Sprintf(hookFunction, h.When, function, end, text, hookCommand(h)) + fmt.Sprintf(call.call, function, h.When)
	}
	return scripts
}

// heredocEnd is a line that the script does not have.
func heredocEnd(h recipe.Hook) string {
	end := "END_OF_" + h.When
	for slices.Contains(strings.Split(string(h.Script), "\n"), end) {
		end += "_"
	}
	return end
}

// hookCommand is the command that runs a script.
func hookCommand(h recipe.Hook) string {
	words := []string{"env"}
	for _, word := range slices.Concat(h.Env, interpreter(h.Script), []string{"./script"}, h.Args) {
		words = append(words, Quoted(word))
	}
	return strings.Join(words, " ")
}

// interpreter is the program that a script names in its first line, with what follows as one argument, as execve(2) has
// it; bash, which dkms is written in, takes those that name none.
func interpreter(script []byte) []string {
	line, _, _ := strings.Cut(string(script), "\n")
	line, named := strings.CutPrefix(line, "#!")
	program, arg, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(line), "\t", " "), " ")
	switch {
	case !named || program == "":
		return []string{"bash"}
	case arg == "":
		return []string{program}
	}
	return []string{program, strings.TrimSpace(arg)}
}

// Quoted is a word as a shell reads it back.
func Quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// HooksIn finds the hooks that a package's scripts carry.
func HooksIn(r *debpkg.Reader) (names []string) {
	for _, when := range []string{"PRE_INSTALL", "POST_INSTALL", "POST_REMOVE"} {
		if bytes.Contains(r.Script(hookCalls[when].script), []byte("\n"+strings.ToLower(when)+"() {\n")) {
			names = append(names, when)
		}
	}
	return names
}
