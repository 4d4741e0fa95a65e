package dkms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// StaticError says what a file does that only running it could tell the outcome of.
type StaticError struct {
	Text int  // 0: the dkms.conf itself, else the number of an override
	Line uint // 0: of no one line
	What string
}

func (e *StaticError) Error() string { return "it cannot be read without running it: " + e.Reason() }

// Reason is what the file does, and where.
func (e *StaticError) Reason() string {
	switch {
	case e.Line == 0:
		return e.What
	case e.Text > 0:
		return fmt.Sprintf("line %d of override %d: %s", e.Line, e.Text, e.What)
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.What)
}

// What a static reading is held to.
const (
	staticTime  = 20 * time.Second // which only a machine that stands still comes to: the steps are counted
	staticText  = 32 << 10         // bytes of a text that is parsed: its nesting takes stack, a GB of which ends the process
	staticCalls = 1000             // commands
	staticSize  = 64 << 10         // bytes of all variables
	staticIndex = 9999             // of an array
)

// Static evaluates a dkms.conf, and an administrator's overrides after it, without running anything: programs, files
// and directories are denied to it. What it gives is what Script and Parse would. A statement that would need them is left out,
// and so is what builds on it; Unread and Unknown of the Conf tell that. Where one may do what its text does not tell, or the
// file's two names are not known, the error is a *StaticError. The variables are NAME=VALUE.
func Static(ctx context.Context, variables []string, texts ...[]byte) (*Conf, error) {
	ctx, cancel := context.WithTimeout(ctx, staticTime)
	defer cancel()
	left := &leftOut{places: map[position]bool{}}
	var b budget
	for {
		r := &reading{variables: variables, left: left, unknown: map[string]bool{}, budget: &b}
		c, err := r.conf(ctx, texts)
		var unknown *StaticError
		switch {
		case b.spent():
			return nil, errSteps()
		case len(left.places) > staticLeft:
			return nil, &StaticError{What: fmt.Sprintf("more than %d of its statements would have to be run", staticLeft)}
		case errors.Is(err, context.DeadlineExceeded):
			return nil, &StaticError{What: fmt.Sprintf("it did not end within %s", staticTime)}
		case errors.As(err, &unknown) && r.at != nil:
			left.places[*r.at] = true
			left.because = append(left.because, unknown)
		case unknown == nil && err != nil && (r.isUnknown("PACKAGE_NAME") || r.isUnknown("PACKAGE_VERSION")):
			return nil, left.because[0]
		default:
			return c, err
		}
	}
}

// reading is one run of the interpreter.
type reading struct {
	variables []string
	runner    *interp.Runner
	settled   expand.Environ            // the variables once all is read
	functions map[string][]*syntax.Stmt // that the files declare, and their bodies
	fallbacks []fallback
	calls     atomic.Int64
	longest   atomic.Int64 // bytes of a command's arguments
	budget    *budget
	denied    atomic.Pointer[StaticError] // the first thing that was

	at      *position       // the statement that is being run; nil: none is
	left    *leftOut        // nil: nothing may be left out
	unknown map[string]bool // the variables that what is left out may have set
}

// conf recovers from the interpreter's own faults: what it reads is foreign.
func (r *reading) conf(ctx context.Context, texts [][]byte) (c *Conf, err error) {
	defer func() {
		if p := recover(); p != nil {
			fault := &StaticError{What: fmt.Sprintf("the interpreter gives up: %v", p)}
			if r.at != nil {
				fault.Text, fault.Line = r.at.text, r.at.line
			}
			c, err = nil, fault
		}
	}()
	if err := r.start(); err != nil {
		return nil, err
	}
	for number, text := range texts {
		if err := r.run(ctx, number, text); err != nil {
			return nil, err
		}
	}
	r.settled = r.environ()
	c = &Conf{values: map[string]map[int]string{}}
	if r.left != nil {
		c.Unread = r.left.because
	}
	for _, name := range directives {
		err := r.collect(ctx, c, name)
		if unknown := (*StaticError)(nil); r.left != nil && errors.As(err, &unknown) {
			delete(c.values, name)
			c.Unknown, c.Unread = append(c.Unknown, name), append(c.Unread, unknown)
		} else if err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

func (r *reading) start() (err error) {
	r.functions = map[string][]*syntax.Stmt{}
	home := []string{"HOME=/nonexistent", "UID=0", "EUID=0", "GID=0"} // the interpreter would ask this machine
	r.runner, err = interp.New(
		interp.Env(expand.ListEnviron(slices.Concat(home, r.variables)...)), interp.Dir("/"), interp.BashOpts("-s", "extglob"),
		interp.CallHandler(r.call), interp.ExecHandlers(r.exec), interp.OpenHandler(r.open),
		interp.StatHandler(func(ctx context.Context, path string, _ bool) (fs.FileInfo, error) {
			return nil, r.deny(interp.HandlerCtx(ctx).Pos, "it looks for "+path)
		}),
		interp.AccessHandler(func(ctx context.Context, path string, _ interp.AccessMode) error {
			return r.deny(interp.HandlerCtx(ctx).Pos, "it looks for "+path)
		}),
		interp.ReadDirHandler2(func(ctx context.Context, path string) ([]fs.DirEntry, error) {
			return nil, r.deny(interp.HandlerCtx(ctx).Pos, "it lists "+path)
		}),
	)
	return err
}

func (r *reading) deny(pos syntax.Pos, what string) error {
	err := &StaticError{Line: pos.Line(), What: what}
	r.denied.CompareAndSwap(nil, err)
	return err
}

// run interprets one file, as bash's source does, statement by statement.
func (r *reading) run(ctx context.Context, number int, text []byte) error {
	if len(text) > staticText {
		return &StaticError{What: fmt.Sprintf("longer than %d bytes", staticText)}
	}
	if !r.budget.spend(nodeBytes * len(text)) {
		return errSteps()
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(strings.ReplaceAll(string(text), "\r\n", "\n")), "")
	if err != nil {
		return fmt.Errorf("it cannot be parsed: %w", err)
	}
	r.declare(file)
	r.fallbacks = fallbacks(file)
	if err := r.restore(ctx, number); err != nil {
		return err
	}
	for i, stmt := range file.Stmts {
		at := position{number, i, stmt.Pos().Line()}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		left, err := r.leaveOut(at, stmt)
		if err != nil {
			return err
		}
		if left {
			continue
		}
		r.at = &at
		err = r.statement(ctx, stmt)
		if unknown := (*StaticError)(nil); errors.As(err, &unknown) {
			unknown.Text, unknown.Line = number, cmp.Or(unknown.Line, at.line)
		}
		if err != nil {
			return err
		}
		delete(r.unknown, status)
		if r.at = nil; r.runner.Exited() {
			return &StaticError{Text: number, Line: at.line, What: "it exits before its end"}
		}
	}
	return nil
}

// restore gives the variables their values again before the first override, as evaluate.bash does.
func (r *reading) restore(ctx context.Context, number int) error {
	if number != 1 {
		return nil
	}
	for _, v := range r.variables {
		name, value, _ := strings.Cut(v, "=")
		quoted, err := syntax.Quote(value, syntax.LangBash)
		if err != nil {
			return &StaticError{What: err.Error()}
		}
		file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(name+"="+quoted), "")
		if err != nil {
			return err
		}
		if err := r.runner.Run(ctx, file.Stmts[0]); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) statement(ctx context.Context, stmt *syntax.Stmt) error {
	if err := tame(stmt); err != nil {
		return err
	}
	for _, s := range checked([]*syntax.Stmt{stmt}) {
		err := r.runner.Run(ctx, s)
		switch {
		case r.denied.Load() != nil:
			return r.denied.Load()
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !isStatus(err):
			return &StaticError{What: err.Error()}
		}
	}
	return nil
}

// declare notes the functions of a file, whether it comes to declare them or not.
func (r *reading) declare(file *syntax.File) {
	syntax.Walk(file, func(node syntax.Node) bool {
		if f, ok := node.(*syntax.FuncDecl); ok {
			r.functions[f.Name.Value] = append(r.functions[f.Name.Value], f.Body)
		}
		return true
	})
}

func isStatus(err error) bool {
	var status interp.ExitStatus
	return errors.As(err, &status)
}

// collect takes a directive's values over.
func (r *reading) collect(ctx context.Context, c *Conf, name string) error {
	v := r.runner.Vars[name]
	if r.isUnknown(name) || slices.ContainsFunc(append(v.List, v.Str), r.readsUnknown) {
		c.Unknown = append(c.Unknown, name)
		return nil
	}
	values, indexes := []string{v.Str}, []int{0}
	switch {
	case v.Kind == expand.Indexed: // IsSet does not know elements that were set one by one
		values, indexes = v.List, v.Indexes
	case !v.IsSet():
		return nil
	case v.Kind != expand.String:
		return &StaticError{What: name + " is neither text nor array"}
	}
	for i, value := range values {
		index := i
		if indexes != nil {
			index = indexes[i]
		}
		if index < 0 || index > staticIndex {
			return &StaticError{What: fmt.Sprintf("%s has an index above %d", name, staticIndex)}
		}
		value, err := r.again(value)
		if err = cmp.Or(ctx.Err(), err); err != nil {
			return err
		}
		c.set(name, index, value)
	}
	return nil
}

// readsUnknown reports whether a value would read an unknown variable when it is read again.
func (r *reading) readsUnknown(value string) bool {
	return strings.ContainsAny(value, "$`") && r.namesUnknown(value)
}

var blanks = regexp.MustCompile(`[ \t\n\v\f\r]+`)

// again is mago_again of evaluate.bash: a value is read twice, the second time between double quotes, unless that
// would tear it apart.
func (r *reading) again(value string) (string, error) {
	value = blanks.ReplaceAllString(strings.TrimSuffix(value, "\r"), " ")
	if !strings.ContainsAny(value, "\"\\$`") {
		return value, nil
	}
	if strings.Contains(value, "[@]") || strings.Contains(value, "$@") || strings.Contains(value, "${@") {
		return "", &StaticError{What: "a value may become several"}
	}
	if len(value) > staticText {
		return "", &StaticError{What: fmt.Sprintf("a value is longer than %d bytes", staticText)}
	}
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(`x=("`+value+`")`), "")
	if err != nil {
		return value, nil
	}
	word, err := onlyElement(file)
	if word == nil || err != nil {
		return value, err
	}
	if err := tame(file); err != nil {
		return "", err
	}
	if _, _, longest := extent(r.settled); !r.budget.spend(stepBytes + len(value) + weight(file)*max(longest, int(r.longest.Load()))) {
		return "", errSteps()
	}
	fields, err := expand.Fields(&expand.Config{Env: r.settled, ExtGlob: true}, word)
	switch {
	case err != nil:
		return "", &StaticError{What: err.Error()}
	case len(fields) != 1:
		return value, nil
	}
	return fields[0], nil
}

// onlyElement is the one word of x=(...); nil where there are several.
func onlyElement(file *syntax.File) (*syntax.Word, error) {
	if len(file.Stmts) == 1 {
		call, ok := file.Stmts[0].Cmd.(*syntax.CallExpr)
		if ok && len(call.Args) == 0 && len(call.Assigns) == 1 && len(file.Stmts[0].Redirs) == 0 && call.Assigns[0].Array != nil {
			if elems := call.Assigns[0].Array.Elems; len(elems) == 1 && elems[0].Index == nil {
				return elems[0].Value, nil
			}
			return nil, nil
		}
	}
	return nil, &StaticError{What: "a value ends its own quotes"}
}

// environ is what a file has set, with the caller's variables over it.
func (r *reading) environ() expand.Environ {
	all := map[string]expand.Variable{}
	maps.Copy(all, r.runner.Vars) // nil where there was nothing to run
	for _, v := range r.variables {
		name, value, _ := strings.Cut(v, "=")
		all[name] = expand.Variable{Set: true, Kind: expand.String, Str: value}
	}
	return environ(all)
}

type environ map[string]expand.Variable

func (e environ) Get(name string) expand.Variable { return e[name] }

func (e environ) Each(yield func(string, expand.Variable) bool) {
	for name, v := range e {
		if !yield(name, v) {
			return
		}
	}
}
