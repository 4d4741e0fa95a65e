package dkms

import (
	"fmt"
	"strconv"
)

// matched are the directives whose values are expressions that bash's =~ tries on the kernel.
var matched = []string{"MAKE_MATCH", "PATCH_MATCH", "BUILD_EXCLUSIVE_KERNEL", "BUILD_EXCLUSIVE_ARCH"}

// verdictOf follows a directive's name where Script prints what =~ said of its value.
const verdictOf = "=~"

// verdict is what =~ said of an expression and the kernel that the file was evaluated for: its exit status.
type verdict int

const (
	fits   verdict = 0
	misses verdict = 1
	broken verdict = 2 // it is not an expression, and so fits nothing
)

func parseVerdict(text string) (verdict, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < int(fits) || n > int(broken) {
		return broken, fmt.Errorf("bash printed %q for the status of a match", text)
	}
	return verdict(n), nil
}

// verdict is that of one value; an empty one fits everything.
func (c *Conf) verdict(directive string, index int) verdict {
	if c.values[directive][index] == "" {
		return fits
	}
	return c.verdicts[directive][index]
}

// checkVerdicts wants a verdict on every expression.
func (c *Conf) checkVerdicts() error {
	for _, directive := range matched {
		for _, i := range c.Indexes(directive) {
			if _, ok := c.verdicts[directive][i]; !ok {
				return fmt.Errorf("what bash says of %s[%d] is not known", directive, i)
			}
		}
	}
	return nil
}
