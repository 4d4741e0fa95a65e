package pkcs11

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Helper starts the child that talks to tokens.
type Helper struct {
	Programs []string              // absolute paths of mago-pkcs11, the first of which that is there is taken
	Run      func(*exec.Cmd) error // nil: (*exec.Cmd).Run
	Errors   io.Writer             // gets what modules print; nil: nobody does
	Done     <-chan struct{}       // closed when children are to end; nil: they end with mago
	Patience time.Duration         // with each answer; 0 is DefaultPatience
}

// DefaultPatience is with a user who looks for the key that is to be touched, too.
const DefaultPatience = time.Minute

// program is the first that is there, "" for none.
func (h Helper) program() string {
	for _, path := range h.Programs {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// child is a mago-pkcs11 at work.
type child struct {
	lock     sync.Mutex // held from a question to its answer
	asks     *os.File
	answers  *os.File
	end      context.CancelFunc
	patience time.Duration
	ended    chan struct{} // closed once it has ended with failed
	failed   error
	broken   error // why it is asked nothing more
}

// start starts the child. It has its two pipes and, for errors, h.Errors, and goes when mago goes or closes the pipes.
func (h Helper) start() (*child, error) {
	program := h.program()
	if program == "" {
		return nil, &Error{Kind: NoProgram}
	}
	stdin, asks, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answers, stdout, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdin.Close(), asks.Close())
	}
	ctx, end := context.WithCancel(context.Background())
	c := &child{asks: asks, answers: answers, end: end, patience: cmp.Or(h.Patience, DefaultPatience), ended: make(chan struct{})}
	cmd := exec.CommandContext(ctx, program)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = "/", stdin, stdout, h.Errors, time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	go func() {
		runtime.LockOSThread() // with which the kernel has the child die (prctl(2), PR_SET_PDEATHSIG)
		defer runtime.UnlockOSThread()
		c.failed = h.run(cmd)
		stdin.Close()
		stdout.Close()
		close(c.ended)
	}()
	go func() {
		select {
		case <-h.Done:
			end()
		case <-c.ended:
		}
	}()
	return c, nil
}

func (h Helper) run(cmd *exec.Cmd) error {
	if h.Run != nil {
		return h.Run(cmd)
	}
	return cmd.Run()
}

// ask sends a question and gives the answer. The error is an *Error, of the key that is wanted; after one of the kinds Hangs and Gone
// every other question has the same.
func (c *child) ask(of Wanted, q Request) (reply Reply, err error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.broken == nil {
		err = c.exchange(q, &reply)
		if err != nil {
			c.broken = c.explained(of, err)
			c.close()
		}
	}
	switch {
	case c.broken != nil:
		return reply, c.broken
	case reply.Err != nil:
		reply.Err.Key = of
		return reply, reply.Err
	}
	return reply, nil
}

func (c *child) exchange(q Request, reply *Reply) error {
	until := time.Now().Add(c.patience)
	if err := errors.Join(c.asks.SetDeadline(until), c.answers.SetDeadline(until)); err != nil {
		return err
	}
	if err := WriteMessage(c.asks, q); err != nil && !errors.Is(err, syscall.EPIPE) { // whose reason the answer's end tells
		return err
	}
	return ReadMessage(c.answers, reply)
}

// explained says why there is no answer.
func (c *child) explained(of Wanted, err error) *Error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{Kind: Hangs, Key: of, What: c.patience.String()}
	}
	if errors.Is(err, io.EOF) {
		<-c.ended // which closes the pipe
		err = c.failed
	}
	return &Error{Kind: Gone, Key: of, What: fmt.Sprintf("mago-pkcs11 ended: %v", cmp.Or(err, errUnasked))}
}

var errUnasked = errors.New("unasked")

// close ends the child.
func (c *child) close() {
	c.asks.Close()
	c.end()
	<-c.ended
	c.answers.Close()
}
