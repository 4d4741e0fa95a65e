package bench

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// signContests come last: the machine that they are on has a key from then on.
func (l *lab) signContests() []contest {
	build := []string{"mago", "-f", "-l", l.kernel, "build", "v4l2loopback"}
	return []contest{
		{lines: []line{{what: oneSignature}}, alone: signature},
		{
			lines:   []line{{what: "`build -f v4l2loopback`, signed, against `--unsigned`", aim: "1.05"}},
			prepare: func(ctx context.Context) error { return l.RunAll(ctx, []string{"mago", "key", "new"}, build) },
			mago:    l.on(build...), peer: l.on(append(build, "--unsigned")...),
		},
	}
}

var signed = regexp.MustCompile(`BenchmarkSign/(\S+?)-\d+\s.*?([0-9.e-]+) cpu-s/op`)

const oneSignature = "one signature of a module of 600 kB: processor time"

// signature has a line for each kind of key, whose benchmark is that of the package which signs.
func signature(ctx context.Context) (rows string, err error) {
	out, err := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^BenchmarkSign$", "-benchtime", "300x", "./kbuild/signing").CombinedOutput()
	all := signed.FindAllStringSubmatch(string(out), -1)
	if err != nil || all == nil {
		return "", fmt.Errorf("%w:\n%s", err, out)
	}
	var lines []string
	for _, m := range all {
		lines = append(lines, fmt.Sprintf("| %s, %s | %s s | | | | 0.005 s | |", oneSignature, m[1], m[2]))
	}
	return strings.Join(lines, "\n"), nil
}
