package dkms

import (
	"slices"

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
// What it may set itself is unknown then.
func (r *reading) leaveOut(p position, stmt *syntax.Stmt) bool {
	if r.left == nil || len(r.left.places) == 0 {
		return false
	}
	reads, sets := r.mentioned(stmt)
	if !r.left.places[p] && !slices.ContainsFunc(reads, func(name string) bool { return r.unknown[name] }) {
		return false
	}
	if r.unknown == nil {
		r.unknown = map[string]bool{}
	}
	for _, name := range append(sets, status) {
		r.unknown[name] = true
	}
	return true
}

// settle knows again what a statement that was run has set as a whole.
func (r *reading) settle(stmt *syntax.Stmt) {
	delete(r.unknown, status)
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok || len(call.Args) > 0 {
		return
	}
	for _, a := range call.Assigns {
		if a.Index == nil && !a.Append {
			delete(r.unknown, a.Name.Value)
		}
	}
}

// mentioned are the names that a statement may read, and those that it may set: rather one too many than one too few. A bare word
// counts as both, as it may be read's or in an arithmetic expression; so does what the functions say that it calls.
func (r *reading) mentioned(stmt *syntax.Stmt) (reads, sets []string) {
	seen := map[string]bool{}       // functions
	named := map[*syntax.Lit]bool{} // names of parameters and variables, which are no bare words
	var look func(node syntax.Node)
	look = func(node syntax.Node) {
		syntax.Walk(node, func(node syntax.Node) bool {
			switch n := node.(type) {
			case *syntax.ParamExp:
				if n.Param == nil {
					break
				}
				named[n.Param] = true
				reads = append(reads, n.Param.Value)
				if n.Exp != nil && (n.Exp.Op == syntax.AssignUnset || n.Exp.Op == syntax.AssignUnsetOrNull) {
					sets = append(sets, n.Param.Value)
				}
			case *syntax.Assign:
				if n.Name == nil {
					break
				}
				named[n.Name] = true
				sets = append(sets, n.Name.Value)
				if n.Append || n.Index != nil {
					reads = append(reads, n.Name.Value)
				}
			case *syntax.Lit:
				if named[n] || !syntax.ValidName(n.Value) {
					break
				}
				reads, sets = append(reads, n.Value), append(sets, n.Value)
				if body, ok := r.functions[n.Value]; ok && !seen[n.Value] {
					seen[n.Value] = true
					look(body)
				}
			}
			return true
		})
	}
	look(stmt)
	return reads, sets
}
