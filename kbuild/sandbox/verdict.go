package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
)

// verdict says why the warden has ended a program, or why one has failed: a limit's name, or one on the file system.
type verdict string

const (
	exhausted verdict = "exhausted" // the machine's memory is used up but for the reserve
	full      verdict = "full"      // the program has taken nearly all that was free
	starved   verdict = "starved"   // it failed where nothing is free; what it says may not have found its way into any file
	unbegun   verdict = "unbegun"   // it has never been started
)

// reported is the descriptor that the warden tells a verdict by, after standard error.
const reported = 3

func report(why verdict) error {
	if why == "" {
		return nil
	}
	_, err := syscall.Write(reported, []byte(why))
	return err
}

// judge reads what the warden has told: what is held, and its verdict.
func (r Sandbox) judge(from *os.File) (held Held, err error) {
	text := make([]byte, 256)
	n, err := from.ReadAt(text, 0)
	if err != io.EOF {
		return held, fmt.Errorf("look into the sandbox: %w", err)
	}
	first, why, ok := strings.Cut(string(text[:n]), "\n")
	if !ok {
		return held, r.sentence(verdict(first)) // it did not get as far as to hold anything
	}
	if err := json.Unmarshal([]byte(first), &held); err != nil {
		return held, fmt.Errorf("look into the sandbox: %w", err)
	}
	return held, r.sentence(verdict(why))
}

// sentence is the error that a verdict means.
func (r Sandbox) sentence(why verdict) error {
	switch {
	case why == full:
		return fmt.Errorf("ended because it had left only a %dth of the free disk space: %w", reserved, syscall.ENOSPC)
	case why == exhausted:
		return fmt.Errorf("ended because only a %dth of the machine's available memory was left: %w", reserved, syscall.ENOMEM)
	case why == starved:
		return fmt.Errorf("failed while the disk was full: %w", syscall.ENOSPC)
	case why == unbegun:
		return &BrokenError{Kind: r.Kind}
	case slices.Contains(LimitNames, string(why)):
		return r.Limits.Exceeded(string(why))
	}
	return nil
}
