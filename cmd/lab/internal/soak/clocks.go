package soak

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// misdate gives all that mago looks at a date, as a clock that was wrong leaves it, and runs a command.
func (s *soaking) misdate(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	sc := s.scenarios[dice.IntN(len(s.scenarios))]
	if sc.before != nil {
		if err := sc.before(ctx); err != nil {
			return "", nil, err
		}
	}
	date := time.Now().AddDate(dice.IntN(60)-30, 0, 0)
	for _, dir := range []string{usual.cache, "/root/hello", "/var/lib/apt/lists", "/etc/apt", "/var/lib/dpkg"} {
		if err := misdate(s.Path(dir), date); err != nil {
			return "", nil, err
		}
	}
	t.note(map[bool]string{true: "in the future", false: "in the past"}[date.After(time.Now())])
	again, found := s.again(ctx, t, usual, sc.args...)
	return fmt.Sprintf("mago %s: all is of %d: %s", strings.Join(sc.args, " "), date.Year(), again), found, nil
}

func misdate(dir string, date time.Time) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return os.Chtimes(path, date, date)
	})
}
