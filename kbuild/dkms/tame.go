package dkms

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// staticParts is how many expansions one command, word or assignment may have. With the size check after each assignment it
// keeps a file from growing without bounds.
const staticParts = 64

// Deep nesting takes the interpreter's stack, in functions that call themselves once more for each call; a match takes the product
// of both lengths, and cannot be ended.
const (
	staticDepth   = 100 // nodes of the syntax tree
	staticPattern = 256 // bytes
)

// hostly are the parameters whose values are the machine's or the shell's, not the file's.
var hostly = []string{
	"$", "!", "0", "_", "-", "DIRSTACK", "BASH_SOURCE", "BASHPID", "BASH_VERSION", "BASH", "EPOCHSECONDS", "EUID", "FUNCNAME", "GID", "GROUPS", "HOME", "HOSTNAME",
	"HOSTTYPE", "LINENO", "MACHTYPE", "OLDPWD", "OSTYPE", "PATH", "PIPESTATUS", "PPID", "PWD", "RANDOM", "SECONDS", "SHELL", "SHLVL", "TMPDIR", "UID", "USER",
}

// tame refuses what the interpreter does not do as bash does, or not within bounds, has the variables' size looked at
// after each assignment, and keeps everything in one goroutine.
func tame(statement syntax.Node) (err error) {
	functions := 0
	var stack []syntax.Node
	syntax.Walk(statement, func(node syntax.Node) bool {
		if node == nil {
			if _, ok := stack[len(stack)-1].(*syntax.FuncDecl); ok {
				functions--
			}
			stack = stack[:len(stack)-1]
			return true
		}
		if err != nil {
			return false
		}
		if what := untamed(node, functions > 0); what != "" {
			err = &StaticError{Line: node.Pos().Line(), What: what}
		}
		if _, ok := node.(*syntax.FuncDecl); ok {
			functions++
		}
		if stack = append(stack, node); len(stack) > staticDepth {
			err = &StaticError{Line: node.Pos().Line(), What: fmt.Sprintf("it nests more than %d deep", staticDepth)}
		}
		return true
	})
	if err != nil {
		return err
	}
	syntax.Walk(statement, func(node syntax.Node) bool {
		insertChecks(node)
		refusePipe(node)
		return true
	})
	return nil
}

func untamed(node syntax.Node, inFunction bool) string {
	switch n := node.(type) {
	case *syntax.Stmt:
		if n.Background || n.Coprocess || n.Disown {
			return "it starts something in the background"
		}
	case *syntax.ProcSubst, *syntax.CoprocClause:
		return "it starts something in the background"
	case *syntax.CallExpr:
		if !inFunction && len(n.Args) > 0 && n.Args[0].Lit() == "return" {
			return "it returns before its end"
		}
		if len(n.Args) > 0 && n.Args[0].Lit() == "exec" { // with nothing but redirections it is no command to call
			return "it runs exec"
		}
		return tooMany(n)
	case *syntax.Redirect:
		if keepsOpen(n) {
			return "it keeps a file open"
		}
	case *syntax.ForClause:
		if n.Select {
			return "it asks"
		}
	case *syntax.WordIter:
		return tooMany(n)
	case *syntax.BinaryTest:
		switch n.Op {
		case syntax.TsMatch, syntax.TsMatchShort, syntax.TsNoMatch, syntax.TsReMatch:
			return untamedPattern(n.Y)
		}
	case *syntax.CaseItem:
		for _, pattern := range n.Patterns {
			if what := untamedPattern(pattern); what != "" {
				return what
			}
		}
	case *syntax.ParamExp:
		return untamedParameter(n)
	case *syntax.DeclClause:
		if slices.ContainsFunc(n.Args, isReference) {
			return "it declares a reference"
		}
	case *syntax.Word:
		return untamedWord(n)
	case *syntax.Assign:
		return tooMany(n)
	}
	return ""
}

// keepsOpen reports whether a redirection is {name}<file, which sets a variable.
func keepsOpen(r *syntax.Redirect) bool { return r.N != nil && strings.HasPrefix(r.N.Value, "{") }

// mayEnd reports whether an expansion is ${name:?} or ${name?}, which may end the file.
func mayEnd(p *syntax.ParamExp) bool {
	return p.Exp != nil && (p.Exp.Op == syntax.ErrorUnset || p.Exp.Op == syntax.ErrorUnsetOrNull)
}

// isReference reports whether an argument of declare(1) is the option -n, alone or among others.
func isReference(a *syntax.Assign) bool {
	if a.Name != nil || a.Value == nil {
		return false
	}
	option := a.Value.Lit()
	return strings.HasPrefix(option, "-") && strings.Contains(option, "n") || option == ""
}

func untamedParameter(p *syntax.ParamExp) string {
	switch {
	case p.Param != nil && slices.Contains(hostly, p.Param.Value):
		return "it reads $" + p.Param.Value
	case p.Excl && p.Names != 0:
		return "it lists variables by a prefix"
	case p.Repl != nil && p.Repl.With != nil && expansions(p.Repl.With) > 0:
		return "it replaces by an expansion"
	case mayEnd(p):
		return "it may exit before its end"
	case p.Repl != nil:
		return untamedCut(p.Repl.Orig)
	case p.Exp != nil && slices.Contains(cuts, p.Exp.Op):
		return untamedCut(p.Exp.Word)
	}
	return ""
}

// cuts are the operators whose words are patterns.
var cuts = []syntax.ParExpOperator{syntax.RemSmallPrefix, syntax.RemLargePrefix, syntax.RemSmallSuffix, syntax.RemLargeSuffix}

// untamedCut looks at the pattern of ${x/...}, ${x%...} and their like.
func untamedCut(pattern *syntax.Word) string {
	switch {
	case pattern == nil:
		return ""
	case extended(pattern):
		return "it replaces or cuts by an extended pattern"
	}
	return untamedPattern(pattern)
}

// untamedPattern finds patterns that may be long; what stands between quotes is none.
func untamedPattern(pattern syntax.Node) string {
	if word, ok := pattern.(*syntax.Word); ok && len(word.Parts) == 1 {
		if _, quoted := word.Parts[0].(*syntax.DblQuoted); quoted {
			return ""
		}
	}
	switch {
	case takesValues(pattern):
		return "it matches by an expansion"
	case pattern.End().Offset()-pattern.Pos().Offset() > staticPattern:
		return "it matches by a long pattern"
	}
	return ""
}

func takesValues(node syntax.Node) (takes bool) {
	syntax.Walk(node, func(node syntax.Node) bool {
		switch node.(type) {
		case *syntax.CmdSubst, *syntax.ParamExp, *syntax.ArithmExp:
			takes = true
		}
		return !takes
	})
	return takes
}

// extended reports whether a pattern is one that only bash's extglob knows.
func extended(pattern *syntax.Word) bool {
	var text strings.Builder
	return syntax.NewPrinter().Print(&text, pattern) != nil || extendedPattern.MatchString(text.String())
}

var extendedPattern = regexp.MustCompile(`[?*+@!]\(`)

// untamedWord finds brace expansions that would give many words; one of few is what files in the wild use.
func untamedWord(w *syntax.Word) string {
	if first, ok := w.Parts[0].(*syntax.Lit); ok && strings.HasPrefix(first.Value, "~") {
		return "it reads $HOME"
	}
	braces, dots := 0, false
	for _, part := range w.Parts {
		if lit, ok := part.(*syntax.Lit); ok {
			braces += strings.Count(lit.Value, "{")
			dots = dots || longSequence(lit.Value)
		}
	}
	if braces > 1 || dots {
		return "it expands many braces"
	}
	return tooMany(w)
}

// longSequence reports whether a literal holds a {a..b} with a number of more than three digits.
func longSequence(literal string) bool {
	_, after, ok := strings.Cut(literal, "{")
	inner, _, closed := strings.Cut(after, "}")
	if !ok || !closed || !strings.Contains(inner, "..") {
		return false
	}
	return slices.ContainsFunc(strings.Split(inner, ".."), func(s string) bool { return len(strings.Trim(s, "-+")) > 3 })
}

func tooMany(node syntax.Node) string {
	if expansions(node) > staticParts {
		return fmt.Sprintf("it puts more than %d values together", staticParts)
	}
	return ""
}

// expansions counts those within a node, the commands of substitutions left out: their words are looked at themselves.
func expansions(node syntax.Node) (n int) {
	syntax.Walk(node, func(node syntax.Node) bool {
		switch node.(type) {
		case *syntax.CmdSubst:
			n++
			return false
		case *syntax.ParamExp, *syntax.ArithmExp, *syntax.ExtGlob:
			n++
		}
		return true
	})
	return n
}

// insertChecks adds the size check to each list of statements in a node.
func insertChecks(node syntax.Node) {
	switch n := node.(type) {
	case *syntax.Block:
		n.Stmts = checked(n.Stmts)
	case *syntax.Subshell:
		n.Stmts = checked(n.Stmts)
	case *syntax.CmdSubst:
		n.Stmts = checked(n.Stmts)
	case *syntax.IfClause:
		n.Cond, n.Then = checked(n.Cond), checked(n.Then)
	case *syntax.WhileClause:
		n.Cond, n.Do = checked(n.Cond), counted(n.Do)
	case *syntax.ForClause:
		n.Do = counted(n.Do)
	case *syntax.CaseItem:
		n.Stmts = checked(n.Stmts)
	}
}

func checked(stmts []*syntax.Stmt) []*syntax.Stmt {
	var all []*syntax.Stmt
	for _, s := range stmts {
		if w := weight(s); w > 0 {
			all = append(all, command(s.Pos(), sizeCheck, strconv.Itoa(w)))
		}
		all = append(all, s)
		if assigns(s) {
			all = append(all, command(s.Pos(), sizeCheck))
		}
	}
	return all
}

// counted are the statements of a loop, each round of which is a step at least.
func counted(stmts []*syntax.Stmt) []*syntax.Stmt {
	if len(stmts) == 0 {
		return stmts
	}
	return append([]*syntax.Stmt{command(stmts[0].Pos(), sizeCheck)}, checked(stmts)...)
}

// command is a statement of plain words.
func command(pos syntax.Pos, words ...string) *syntax.Stmt {
	call := &syntax.CallExpr{}
	for _, word := range words {
		lit := &syntax.Lit{ValuePos: pos, ValueEnd: pos, Value: word}
		call.Args = append(call.Args, &syntax.Word{Parts: []syntax.WordPart{lit}})
	}
	return &syntax.Stmt{Position: pos, Cmd: call}
}

// refusePipe has a command that call denies stand for a pipe's first: the interpreter has a goroutine of its own for
// that one, in which a fault of its would end the process. Nothing harmless reads what comes through a pipe.
func refusePipe(node syntax.Node) {
	if pipe, ok := node.(*syntax.BinaryCmd); ok && (pipe.Op == syntax.Pipe || pipe.Op == syntax.PipeAll) {
		pipe.X, pipe.Op = command(pipe.X.Pos(), pipeSource), syntax.AndStmt
	}
}

// assigns reports whether a statement may make variables longer and is no command that call sees: one that assigns
// directly, or several joined by && and ||.
func assigns(s *syntax.Stmt) bool {
	switch cmd := s.Cmd.(type) {
	case *syntax.CallExpr:
		return len(cmd.Args) == 0
	case *syntax.DeclClause:
		return true
	case *syntax.BinaryCmd:
		return assigns(cmd.X) || assigns(cmd.Y)
	}
	return false
}
