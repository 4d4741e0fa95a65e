// Command mago-pkcs11 is the part of mago that talks to tokens. mago starts it outside of every sandbox and asks it by its standard
// input; see kbuild/signing/pkcs11. It is a program of its own because a token's module is a shared library: mago is static, and this
// is linked to the C library when it starts.
package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"mago/kbuild/signing/coredump"
	"mago/kbuild/signing/pkcs11"
)

func init() { runtime.LockOSThread() } // so that the module is called by one thread, the first

func main() {
	in, out, err := takePipes()
	if err == nil {
		err = coredump.Off() // before there is a PIN
	}
	if err == nil {
		err = serve(in, out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mago-pkcs11:", err)
		os.Exit(1)
	}
}

// takePipes takes standard input and output for messages, and leaves nothing of them to the module, which may read or print. It
// closes what mago itself has inherited.
func takePipes() (in, out *os.File, err error) {
	info, err := os.Stdin.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return nil, nil, errors.New("mago starts this program to talk to a token; run mago")
	}
	if err := unix.CloseRange(3, math.MaxUint32, 0); err != nil {
		return nil, nil, err
	}
	var fds [2]int
	for i := range fds {
		if fds[i], err = unix.FcntlInt(uintptr(i), unix.F_DUPFD_CLOEXEC, 3); err != nil {
			return nil, nil, err
		}
	}
	nothing, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	defer nothing.Close()
	err = errors.Join(unix.Dup3(int(nothing.Fd()), 0, 0), unix.Dup3(2, 1, 0))
	return os.NewFile(uintptr(fds[0]), "questions"), os.NewFile(uintptr(fds[1]), "answers"), err
}

// serve answers until there are no more questions. It ends at once when mago closes the pipe, though the module be at work.
func serve(in io.Reader, out io.Writer) error {
	questions := make(chan pkcs11.Request)
	go func() {
		for {
			var q pkcs11.Request
			if pkcs11.ReadMessage(in, &q) != nil {
				os.Exit(0)
			}
			questions <- q
		}
	}()
	s := new(session)
	for q := range questions {
		var reply pkcs11.Reply
		if err := s.answer(q, &reply); err != nil && !errors.As(err, &reply.Err) {
			reply.Err = &pkcs11.Error{Kind: pkcs11.Refused, What: err.Error()}
		}
		clear(q.PIN)
		if err := pkcs11.WriteMessage(out, reply); err != nil {
			return err
		}
	}
	return nil
}
