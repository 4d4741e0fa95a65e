package recipe

import (
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"mago/kbuild/foreign"
)

// recipeLines are the lines of a makefile that make shows before it runs them: one command, with what continues it.
type recipeLines struct {
	file  string // without its directory
	first int    // the number of the first
	lines []string
}

// recipesIn lists those of all makefiles of a source.
func recipesIn(source *os.Root) (all []recipeLines) {
	eachMakefile(source, func(file string) {
		text, err := foreign.ReadText(source, file, makefileMax)
		if err == nil {
			all = append(all, recipesOf(path.Base(file), string(text))...)
		}
	})
	return all
}

func recipesOf(file, text string) (all []recipeLines) {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		command, ok := strings.CutPrefix(lines[i], "\t")
		r := recipeLines{file, i + 1, []string{strings.TrimLeft(command, "-+ \t")}}
		for strings.HasSuffix(lines[i], `\`) && i+1 < len(lines) {
			i++
			r.lines = append(r.lines, lines[i])
		}
		if ok && !strings.HasPrefix(r.lines[0], "@") {
			all = append(all, r)
		}
	}
	return all
}

// shows reports whether make may show one of the lines as this.
func (r recipeLines) shows(shown string) bool {
	return slices.ContainsFunc(r.lines, func(line string) bool { return isShown(line, shown) })
}

// failedCommand gives, as make has shown it, the command at a line of a makefile, where nothing was said after it.
func failedCommand(recipes []recipeLines, file, number string, shown []string) []string {
	for _, r := range recipes {
		end := len(shown) - len(r.lines)
		if r.file != file || strconv.Itoa(r.first) != number || end < 0 || !slices.EqualFunc(r.lines, shown[end:], isShown) {
			continue
		}
		command := slices.Clone(shown[end:])
		for i, line := range command {
			command[i] = strings.TrimSuffix(line, `\`)
		}
		return command
	}
	return nil
}

// reference is what make puts a value in the place of, the innermost first.
var reference = pattern(`\$[({][^(){}$]*[)}]|\$[^({]`)

// isShown reports whether make may show a line of a recipe so: what stands between references is there, in its order.
func isShown(line, shown string) bool {
	const value = "\x00"
	for reference().MatchString(line) {
		line = reference().ReplaceAllLiteralString(line, value)
	}
	parts := strings.Split(strings.TrimSpace(line), value)
	shown = strings.TrimSpace(shown)
	if strings.TrimSpace(strings.Join(parts, "")) == "" {
		return false
	}
	shown, ok := strings.CutPrefix(shown, parts[0])
	if last := parts[len(parts)-1]; len(parts) > 1 && ok {
		shown, ok = strings.CutSuffix(shown, last)
		for _, part := range parts[1 : len(parts)-1] {
			_, after, found := strings.Cut(shown, part)
			shown, ok = after, ok && found
		}
		return ok
	}
	return ok && shown == ""
}
