package soak

import (
	"bufio"
	"io"
	"strings"
)

// call is a system call as strace -f tells of it: of which thread, and its line without that.
type call struct{ thread, text string }

// wholeCalls reads what strace has written, with calls in one piece where another thread's came between.
func wholeCalls(trace io.Reader) (all []call, err error) {
	const longest = 1 << 20
	lines := bufio.NewScanner(trace)
	lines.Buffer(nil, longest)
	begun := map[string]string{} // by thread
	for lines.Scan() {
		thread, text, _ := strings.Cut(lines.Text(), " ")
		text = strings.TrimSpace(text)
		if call, ok := strings.CutSuffix(text, " <unfinished ...>"); ok {
			begun[thread] = call
			continue
		}
		if _, rest, ok := strings.Cut(text, "resumed>"); ok {
			text = begun[thread] + rest
		}
		all = append(all, call{thread, text})
	}
	return all, lines.Err()
}
