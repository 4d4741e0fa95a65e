package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// sharing runs two magos with the same arguments. The first is held in the program whose command line begins like call until the
// second says that it waits for it. Both have to end well; the output is the second's.
func sharing(ts *testscript.TestScript, _ bool, args []string) {
	pipe, ours := openPipe(ts, makeFIFO(ts, "begun"))
	defer pipe.Close()
	defer ours.Close()
	goOn := makeFIFO(ts, "go-on")
	first, second := exec.Command(findMago(ts), args[1:]...), exec.Command(findMago(ts), args[1:]...)
	for _, cmd := range []*exec.Cmd{first, second} {
		cmd.Dir, cmd.Env, cmd.Stderr = ts.Getenv("WORK"), environmentOf(ts), ts.Stderr()
	}
	first.Env = append(first.Env, "HANG="+args[0])
	ts.Check(first.Start())
	defer func() { _ = first.Process.Kill() }()
	ts.Check(pipe.SetReadDeadline(time.Now().Add(patience)))
	_, err := pipe.Read(make([]byte, 16))
	ts.Check(err)
	stdout, err := second.StdoutPipe()
	ts.Check(err)
	ts.Check(second.Start())
	waited := false
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		fmt.Fprintln(ts.Stdout(), lines.Text())
		if !waited && strings.HasPrefix(lines.Text(), "wait ") {
			waited = true
			ts.Check(os.WriteFile(goOn, nil, 0))
		}
	}
	ts.Check(second.Wait())
	if !waited {
		ts.Fatalf("the second mago has not waited")
	}
	ts.Check(first.Wait())
}
