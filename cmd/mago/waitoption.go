package main

import (
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"mago/cmd/mago/internal/engine"
	"mago/sources/lock"
)

// waitOption is --wait: nothing to wait for long, to wait without end, or at most so long for each thing.
type waitOption struct{ engine.Wait }

// IsBool has kong take the option without a value, too.
func (w *waitOption) IsBool() bool { return true }

// Decode is kong's.
func (w *waitOption) Decode(ctx *kong.DecodeContext) error {
	*w = waitOption{engine.Wait{Given: true}}
	if ctx.Scan.Peek().Type != kong.FlagValueToken {
		return nil
	}
	value := fmt.Sprint(ctx.Scan.Pop().Value)
	limit, err := time.ParseDuration(value)
	if err != nil || limit < 0 {
		return fmt.Errorf("%q is not a duration, such as 90s or 10m", value)
	}
	w.Limit = limit
	if limit == 0 {
		w.Limit = lock.AtOnce
	}
	return nil
}
