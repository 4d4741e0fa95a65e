package modpkg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"mago/debpkg"
	"mago/kbuild/recipe"
)

// hookFunction is a shell function that runs one script of the source as dkms would: with its arguments and variables,
// from a directory that has it and the files that it names in their places, for the source is not here. /tmp may be mounted
// noexec, so the interpreter reads it.
const hookFunction = `
# %[1]s of the source's dkms.conf
%[2]s() {
	directory=$(mktemp -d) || return
	status=0
	(cd "$directory" && %[3]s) || status=$?
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
func (u Unit) hookScripts(hooks []recipe.Hook) (map[string]string, error) {
	scripts := map[string]string{}
	for _, h := range hooks {
		run := hereScript(h) + hookCommand(h)
		if len(h.Files) > 0 {
			files, err := hereFiles(h.Files, u.Date)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", h.When, err)
			}
			run = files + run
		}
		function, call := strings.ToLower(h.When), hookCalls[h.When]
		scripts[call.script] += fmt.Sprintf(hookFunction, h.When, function, run) + fmt.Sprintf(call.call, function, h.When)
	}
	return scripts, nil
}

// hereScript is the command that writes a hook's script.
func hereScript(h recipe.Hook) string {
	text, end, place := string(h.Script), "END_OF_"+h.When, ""
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	for slices.Contains(strings.Split(text, "\n"), end) {
		end += "_"
	}
	if dir := path.Dir(h.Path); dir != "." {
		place = "mkdir -p -- " + Quoted(dir) + " && "
	}
	return fmt.Sprintf("%scat >%s <<'%s' &&\n%s%[3]s\n\t\t", place, Quoted(h.Path), end, text)
}

// hereFiles is the command that unpacks files, with what base64(1), tar(1) and gzip(1) of every Debian can.
func hereFiles(files []recipe.HookFile, date time.Time) (string, error) {
	var packed bytes.Buffer
	compressor := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressor)
	for _, f := range files {
		head := &tar.Header{Name: f.Path, Mode: int64(f.Mode), Size: int64(len(f.Content)), ModTime: date, Format: tar.FormatPAX}
		if err := archive.WriteHeader(head); err != nil {
			return "", err
		}
		if _, err := archive.Write(f.Content); err != nil {
			return "", err
		}
	}
	if err := errors.Join(archive.Close(), compressor.Close()); err != nil {
		return "", err
	}
	var text strings.Builder
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(packed.Bytes())), 76) {
		fmt.Fprintf(&text, "%s\n", line)
	}
	return fmt.Sprintf("base64 -d <<'END_OF_FILES' | tar -xz --no-same-owner &&\n%sEND_OF_FILES\n\t\t", text.String()), nil
}

// hookCommand is the command that runs a script.
func hookCommand(h recipe.Hook) string {
	words := []string{"env"}
	for _, word := range slices.Concat(h.Env, interpreter(h.Script)) {
		words = append(words, Quoted(word))
	}
	words = append(words, `"$directory"/`+Quoted(h.Path))
	for _, word := range h.Args {
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
