package dkms

import (
	"slices"

	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// fallback is a command substitution that stands for a parameter which is not set, as in ${kernelver:-$(uname -r)}.
// The interpreter runs it whether it is needed or not.
type fallback struct {
	from, to  uint // offsets
	parameter string
	orEmpty   bool // it also stands for one that is empty
}

func fallbacks(file *syntax.File) (all []fallback) {
	syntax.Walk(file, func(node syntax.Node) bool {
		p, ok := node.(*syntax.ParamExp)
		if !ok || p.Exp == nil || p.Exp.Word == nil || p.Index != nil || p.Excl || p.Length {
			return true
		}
		f := fallback{p.Exp.Word.Pos().Offset(), p.Exp.Word.End().Offset(), p.Param.Value, false}
		switch p.Exp.Op {
		case syntax.DefaultUnset, syntax.AssignUnset:
			all = append(all, f)
		case syntax.DefaultUnsetOrNull, syntax.AssignUnsetOrNull:
			f.orEmpty = true
			all = append(all, f)
		}
		return true
	})
	return all
}

// unused reports whether a command stands in a fallback whose parameter has a value.
func (r *reading) unused(h interp.HandlerContext) bool {
	return slices.ContainsFunc(r.fallbacks, func(f fallback) bool {
		v := h.Env.Get(f.parameter)
		return h.Pos.Offset() >= f.from && h.Pos.Offset() < f.to && v.IsSet() && (!f.orEmpty || v.String() != "")
	})
}
