package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// talks matches what prints, ends the process, or reads the command line or the environment.
var talks = regexp.MustCompile(`^(?:os\.(?:Stdout|Stderr|Exit|Args|Getenv|LookupEnv|Environ|ExpandEnv)|fmt\.(?:Print|Printf|Println)|` +
	`"flag"|"log(?:/slog)?"|".*/kong"|(?:syscall|unix)\.(?:Exit|Getenv|Environ)|print|println)$`)

// talking matches the packages that are to have their own names.
var talking = regexp.MustCompile(`^"(?:os|fmt|io|syscall|golang.org/x/sys/unix)"$`)

// served is what does so where the sandbox runs mago itself, by file.
var served = map[string][]string{
	"kbuild/parts/parts.go":    {"os.Stdout", "os.Stderr"},
	"kbuild/sandbox/enter.go":  {"os.Environ"},
	"kbuild/sandbox/start.go":  {"os.Environ"},
	"kbuild/sandbox/warden.go": {"os.Stderr"},
}

// What is not a command tells its caller, and is told by it.
func TestOnlyCommandsTalk(t *testing.T) {
	found := map[string][]string{}
	for _, dir := range []string{"cmd/mago/internal", "catalog", "sources", "kbuild", "debpkg"} {
		eachFile(t, dir, func(file string, parsed *ast.File) {
			for _, name := range namesIn(t, file, parsed) {
				if talks.MatchString(name) && !slices.Contains(found[file], name) {
					found[file] = append(found[file], name)
				}
			}
		})
	}
	differs(t, found, served)
}

// writes matches what writes to the output, and what writes there through it.
var writes = regexp.MustCompile(`^(?:fmt\.(?:Fprint|Fprintf|Fprintln|Print|Printf|Println)|io\.WriteString|` +
	`(?:.*\.)?(?:Write|complain|tell|writeColumns|printJSON)|.*\.screen\.(?:line|paste|print|figured|phase))$`)

// writers are the files of the command that write: the screen and its parts, errors, help, and the answers of commands that
// only read.
var writers = []string{
	"ascii.go", "ask.go", "check.go", "cli.go", "completion.go", "completionnames.go", "config.go", "configcheck.go", "exit.go", "help.go", "helptext.go", "keynew.go", "keypassphrase.go", "keyrevoke.go", "keystatus.go", "list.go",
	"liveline.go", "log.go", "render.go", "rendermatrix.go", "results.go", "screen.go", "show.go",
	"sign.go", "signals.go", "status.go", "stream.go", "table.go",
}

// What a run does is told in events, which render turns into lines.
func TestOnlyRenderPrints(t *testing.T) {
	eachFile(t, "cmd/mago", func(path string, parsed *ast.File) {
		file := filepath.Base(path)
		if filepath.Dir(path) != "cmd/mago" {
			return
		}
		writing := slices.DeleteFunc(namesIn(t, path, parsed), func(name string) bool { return !writes.MatchString(name) })
		if len(writing) > 0 != slices.Contains(writers, file) {
			t.Errorf("%s writes with %q; listed: %v", file, writing, slices.Contains(writers, file))
		}
	})
}

// namesIn are the packages that a file imports, in quotes, the functions that it calls, and what it takes from others, each with
// what it is taken from.
func namesIn(t *testing.T, path string, file *ast.File) (names []string) {
	t.Helper()
	for _, imported := range file.Imports {
		names = append(names, imported.Path.Value)
		if imported.Name != nil && talking.MatchString(imported.Path.Value) {
			t.Errorf("%s imports %s under another name", path, imported.Path.Value)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			names = append(names, nameOf(n))
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok {
				names = append(names, f.Name)
			}
		}
		return true
	})
	return names
}

// nameOf is an expression of names and dots as it is written; of others the last name is told.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return nameOf(e.X) + "." + e.Sel.Name
	}
	return ""
}

func differs(t *testing.T, found, listed map[string][]string) {
	t.Helper()
	for file, names := range found {
		if slices.Sort(names); !slices.Equal(names, slices.Sorted(slices.Values(listed[file]))) {
			t.Errorf("%s uses %q, listed are %q", file, names, listed[file])
		}
	}
	for file := range listed {
		if found[file] == nil {
			t.Errorf("%s is listed and uses nothing", file)
		}
	}
}

// mostMethods is how many methods a type may have: one with more does several things.
const mostMethods = 40

func TestTypesAreSmall(t *testing.T) {
	methods := map[string]int{}
	for _, dir := range []string{"cmd/mago", "catalog", "sources", "kbuild", "debpkg"} {
		eachFile(t, dir, func(file string, parsed *ast.File) {
			for _, d := range parsed.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
					receiver := f.Recv.List[0].Type
					if pointer, ok := receiver.(*ast.StarExpr); ok {
						receiver = pointer.X
					}
					methods[filepath.Dir(file)+"."+nameOf(receiver)]++
				}
			}
		})
	}
	for name, n := range methods {
		if n > mostMethods {
			t.Errorf("%s has %d methods", name, n)
		}
	}
}

// eachFile gives the files below a directory of the module, without tests and their data.
func eachFile(t *testing.T, dir string, do func(file string, parsed *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/testdata/") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err == nil {
			do(strings.TrimPrefix(path, "../../"), parsed)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
