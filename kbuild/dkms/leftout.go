package dkms

import (
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// position is a statement at a file's top level, by the file's number and its own, and its line.
type position struct {
	text, statement int
	line            uint
}

// leftOut are the statements that a reading goes on without.
type leftOut struct {
	places  map[position]bool
	because []*StaticError
}

// status is $?, which a statement that is left out would have set, too.
const status = "?"

// leaveOut reports whether a statement is not to be run: one that cannot be, or that works on what such a one may have set.
// What it may set itself is unknown then. The error is for a file of which nothing can be known any more.
func (r *reading) leaveOut(p position, stmt *syntax.Stmt) (bool, error) {
	if r.left == nil || len(r.left.places) == 0 {
		return false, nil
	}
	e := r.effects(stmt)
	if !r.left.places[p] && !slices.ContainsFunc(e.reads, r.unsure) {
		if e.any && len(r.unknown) > 0 {
			return false, &StaticError{Text: p.text, Line: p.line, What: "what it runs is in a variable that may be unknown"}
		}
		return false, nil
	}
	if slices.ContainsFunc(e.words, r.isExpression) {
		e.unbounded = "it may evaluate a variable"
	}
	if e.unbounded != "" {
		return false, &StaticError{Text: p.text, Line: p.line, What: e.unbounded}
	}
	for _, name := range append(e.sets, status) {
		r.unknown[name] = true
	}
	return true, nil
}

// unsure reports whether a variable is unknown, or has a value by which another one that is unknown may be read.
func (r *reading) unsure(name string) bool {
	v := r.runner.Vars[name]
	return r.isUnknown(name) || r.namesUnknown(v.Str) || slices.ContainsFunc(v.List, r.namesUnknown)
}

var identifiers = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*|\?`)

func (r *reading) namesUnknown(value string) bool {
	if len(r.unknown) == 0 {
		return false
	}
	return slices.ContainsFunc(identifiers.FindAllString(value, -1), r.isUnknown)
}

// isExpression reports whether a variable's value would set others where it is evaluated as arithmetic.
func (r *reading) isExpression(name string) bool {
	value := r.runner.Vars[name].Str
	return strings.Contains(value, "=") || strings.Contains(value, "++") || strings.Contains(value, "--")
}

func (r *reading) isUnknown(name string) bool {
	return r.unknown[name] || r.unknown[kernelOptions] && strings.HasPrefix(name, "CONFIG_")
}

// effects are what a statement may do, as far as its text tells.
type effects struct {
	reads, sets []string // names of variables
	words       []string // bare words, which are among both: each may be a name in an arithmetic expression
	any         bool     // whether a command's name is not in the text
	unbounded   string   // why what it sets is not in the text either; "" where it is
}

// changing are the commands that may change the shell itself, or end the file.
var changing = []string{
	"alias", "break", "builtin", "command", "continue", "declare", "enable", "eval", "exec", "exit", "export", "getopts", "hash", "let", "local",
	"mapfile", "printf", "read", "readarray", "readonly", "return", "set", "shift", "shopt", "source", ".", "trap", "typeset", "unalias", "unset", "wait",
}

// bearsOnAll reports whether a variable changes how everything else is read.
func bearsOnAll(name string) bool {
	return slices.Contains([]string{"IFS", "LANG", "POSIXLY_CORRECT", "GLOBIGNORE", "SHELLOPTS"}, name) ||
		strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "BASH")
}

// kernelOptions stands for all the variables that a kernel's configuration sets, which are CONFIG_*.
const kernelOptions = "CONFIG_*"

// isKernelConfig tells a kernel's configuration by its path.
func isKernelConfig(path string) bool {
	return strings.HasSuffix(path, "/.config") || strings.HasPrefix(path, "/boot/config-")
}

// effects looks at a statement, and at the functions that it calls.
func (r *reading) effects(stmt *syntax.Stmt) *effects {
	e, inner := &effects{}, &effects{}
	s := &survey{r: r, inner: inner, seen: map[sighting]bool{}, named: map[*syntax.Lit]bool{}}
	s.look(stmt, e)
	e.reads, e.sets = append(e.reads, e.words...), append(e.sets, e.words...)
	e.reads, e.any = slices.Concat(e.reads, inner.reads, inner.words), e.any || inner.any
	slices.Sort(e.reads)
	e.reads = slices.Compact(e.reads)
	return e
}

// survey is one look at a statement and all that it calls.
type survey struct {
	r     *reading
	inner *effects // of subshells, which only read here, whatever they do to themselves
	seen  map[sighting]bool
	named map[*syntax.Lit]bool // names of parameters and variables, which are no bare words
}

// sighting is a function that was looked at: it does one thing to the file itself, and another one in a subshell.
type sighting struct {
	function string
	inner    bool
}

func (s *survey) look(node syntax.Node, e *effects) {
	syntax.Walk(node, func(node syntax.Node) bool {
		if !s.r.budget.spend(nodeBytes) {
			return false
		}
		switch n := node.(type) {
		case *syntax.ParamExp:
			s.named[n.Param] = true
			e.parameter(n)
		case *syntax.Assign:
			s.named[n.Name] = true
			e.assignment(n)
		case *syntax.CmdSubst:
			s.subshell(n.Stmts)
			return false
		case *syntax.Subshell:
			s.subshell(n.Stmts)
			return false
		case *syntax.CallExpr:
			e.call(n)
		case *syntax.BinaryTest:
			if n.Op == syntax.TsReMatch {
				e.sets = append(e.sets, "BASH_REMATCH")
			}
		case *syntax.DeclClause, *syntax.LetClause, *syntax.FuncDecl, *syntax.CoprocClause:
			e.unbounded = "it changes the shell"
		case *syntax.ForClause:
			if n.Select {
				e.unbounded = "it asks"
			}
		case *syntax.Redirect:
			if keepsOpen(n) {
				e.unbounded = "it keeps a file open"
			}
		case *syntax.Lit:
			s.word(n, e)
		}
		return true
	})
}

func (s *survey) subshell(stmts []*syntax.Stmt) {
	for _, stmt := range stmts {
		s.look(stmt, s.inner)
	}
}

// word takes a literal for a function's name, and for a variable's, where it may be one.
func (s *survey) word(n *syntax.Lit, e *effects) {
	if s.named[n] {
		return
	}
	if bodies := s.r.functions[n.Value]; len(bodies) > 0 {
		e.unbounded = "it calls " + n.Value
		if at := (sighting{n.Value, e == s.inner}); !s.seen[at] {
			s.seen[at] = true
			for _, body := range bodies {
				s.look(body, e)
			}
		}
	}
	if syntax.ValidName(n.Value) {
		e.words = append(e.words, n.Value)
	}
}

func (e *effects) parameter(p *syntax.ParamExp) {
	if p.Excl || p.Param == nil {
		e.unbounded = "it reads a variable that another one names"
	}
	if p.Param == nil {
		return
	}
	e.reads = append(e.reads, p.Param.Value)
	if p.Exp == nil {
		return
	}
	switch {
	case mayEnd(p):
		e.unbounded = "it may end the file"
	case p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull:
		e.sets = append(e.sets, p.Param.Value)
	}
}

func (e *effects) assignment(a *syntax.Assign) {
	if a.Name == nil {
		return
	}
	e.sets = append(e.sets, a.Name.Value)
	if a.Append || a.Index != nil {
		e.reads = append(e.reads, a.Name.Value)
	}
	if bearsOnAll(a.Name.Value) {
		e.unbounded = "it sets " + a.Name.Value
	}
}

func (e *effects) call(c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		return
	}
	name := c.Args[0].Lit()
	switch {
	case name == "":
		e.any, e.unbounded = true, "what it runs is in a variable"
	case (name == "." || name == "source") && len(c.Args) == 2 && isKernelConfig(text(c.Args[1])):
		e.sets = append(e.sets, kernelOptions)
	case slices.Contains(changing, name):
		e.unbounded = "it runs " + name
	}
}

// text is what a word says, without quotes and expansions.
func text(w *syntax.Word) string {
	var b strings.Builder
	syntax.Walk(w, func(node syntax.Node) bool {
		switch n := node.(type) {
		case *syntax.ParamExp, *syntax.CmdSubst, *syntax.ArithmExp:
			return false
		case *syntax.Lit:
			b.WriteString(n.Value)
		}
		return true
	})
	return b.String()
}
