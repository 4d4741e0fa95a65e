package dkms

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// What one file may have the interpreter do, in units that are the same on a busy machine: so it is with every reading of a
// file that the same one ends.
const (
	staticSteps = 64 << 10 // of all runs of a reading together
	staticLeft  = 32       // statements that are left out, for each of which the file is run once more
	stepBytes   = 4 << 10  // of values that are looked at in one step
	nodeBytes   = 64       // that looking at one node of the syntax tree, or parsing one byte of the file, counts for
	matchBytes  = 16       // that matching one byte of a value counts for
	splitBytes  = 128      // that expanding it to words counts for
)

// budget is what the runs of one reading have used together, in bytes that were looked at.
type budget struct{ used atomic.Int64 }

// spend reports whether there are still steps left after those for so many bytes.
func (b *budget) spend(bytes int) bool {
	return b.used.Add(int64(min(max(bytes, 0), staticSteps*stepBytes))) <= staticSteps*stepBytes
}

func (b *budget) spent() bool { return !b.spend(0) }

func errSteps() *StaticError {
	return &StaticError{What: fmt.Sprintf("it takes more than %d steps", staticSteps)}
}

// extent is how many bytes an environment's variables hold, how many variables there are, and how long the longest is.
func extent(env expand.Environ) (bytes, count, longest int) {
	for name, v := range env.Each {
		n := len(v.Str) + length(v.List) + 8*len(v.Indexes)
		for key, value := range v.Map {
			n += len(key) + len(value)
		}
		bytes, count, longest = bytes+len(name)+n, count+1, max(longest, n)
	}
	return bytes, count, longest
}

// step is one command's share of the budget: the bytes it may have looked at, and for a size check those of the statement that
// it stands before.
func (r *reading) step(env expand.Environ, args []string) (holds int, ok bool) {
	bytes, count, longest := extent(env)
	holds = bytes + length(args)
	r.longest.Store(max(r.longest.Load(), int64(length(args)))) // what a function's parameters may hold
	cost := stepBytes + holds + nodeBytes*count
	if args[0] == sizeCheck && len(args) == 2 {
		weight, _ := strconv.Atoi(args[1])
		cost += min(max(weight, 0), staticSteps*stepBytes) * max(longest, int(r.longest.Load()))
	}
	return holds, r.budget.spend(cost)
}

// weight is what a statement may count for by each byte of a value, which it splits once for each expansion, and looks at as
// often as a pattern is long.
func weight(node syntax.Node) (n int) {
	syntax.Walk(node, func(node syntax.Node) bool {
		switch x := node.(type) {
		case *syntax.CmdSubst, *syntax.ArithmExp:
			n += splitBytes
		case *syntax.ParamExp:
			n += splitBytes
			if x.Repl != nil {
				n += matchBytes * span(x.Repl.Orig)
			}
			if x.Exp != nil {
				n += matchBytes * span(x.Exp.Word)
			}
		case *syntax.BinaryTest:
			n += matchBytes * span(x.Y) * expansions(x.X)
		case *syntax.CaseClause:
			for _, item := range x.Items {
				for _, pattern := range item.Patterns {
					n += matchBytes * span(pattern) * expansions(x.Word)
				}
			}
		}
		return true
	})
	return n
}

// span is how many bytes of the file a word takes; nil has none.
func span(node syntax.Node) int {
	if word, ok := node.(*syntax.Word); node == nil || ok && word == nil {
		return 0
	}
	return int(node.End().Offset() - node.Pos().Offset())
}
