package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attackName is this program as one that takes more than it may: it needs no other program, in whatever machine.
const attackName = "attack"

// amount is more than TestHeld allows, in bytes.
const amount = 400 << 20

// attack takes what it is told to, and keeps it for ever.
func attack(what string) {
	err := map[string]func() error{
		"shared": func() error { return shared(false) }, "unmapped": func() error { return shared(true) },
		"sockets": sockets, "processes": processes, "private": private, "closed": closedDir, "nothing": func() error { return nil },
		"wait": wait,
	}[what]()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if what != "nothing" {
		_ = wait()
	}
}

func wait() error {
	for {
		_ = unix.Pause()
	}
}

// shared takes memory that is in no page table of a process, and where it is unmapped, of which hardly any is mapped.
func shared(unmapped bool) error {
	m, err := unix.Mmap(-1, 0, amount, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return err
	}
	const step = 1 << 20
	for at := 0; at < amount; at += step {
		for page := at; page < at+step; page += 4096 {
			m[page] = 1
		}
		if err := unix.Madvise(m[at:at+step], unix.MADV_DONTNEED); err != nil {
			return err
		}
	}
	if unmapped {
		_, _, errno := unix.Syscall(unix.SYS_MUNMAP, uintptr(unsafe.Pointer(&m[4096])), amount-4096, 0)
		return orNil(errno)
	}
	return nil
}

func private() error {
	m, err := unix.Mmap(-1, 0, amount, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	for at := 0; at < len(m); at += 4096 {
		m[at] = 1
	}
	return err
}

// sockets hold what was written into them; each process may have some hundreds.
func sockets() error {
	block := make([]byte, 4096)
	var all []int
	for held := 0; held < amount; {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
		if errors.Is(err, unix.EMFILE) {
			for _, last := range all[len(all)-10:] { // which starting another takes
				_ = unix.Close(last)
			}
			return run("/proc/self/exe", os.Args[1])
		}
		if err != nil {
			return err
		}
		all = append(all, pair[:]...)
		for {
			n, err := unix.Write(pair[1], block)
			if err != nil {
				break
			}
			held += n
		}
	}
	return nil
}

func processes() error {
	for range 200 {
		if run("/proc/self/exe", "wait") != nil {
			break // there are as many as there may be
		}
	}
	return nil
}

func run(program, what string) error {
	_, err := os.StartProcess(program, []string{attackName, what}, &os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}})
	return err
}

// closedDir writes where not even its user may look afterwards, below more directories than have descriptors.
func closedDir() error {
	for range 300 {
		if err := errors.Join(os.Mkdir("d", 0o700), os.Chdir("d")); err != nil {
			return err
		}
	}
	file, err := os.Create("file")
	if err != nil {
		return err
	}
	for range 100 {
		if _, err := file.Write(make([]byte, 1<<20)); err != nil {
			return err
		}
	}
	return os.Chmod("../../d", 0)
}

func orNil(errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	return nil
}

// TestHeld: what an attack takes counts for the limit, held by the kernel or looked after by the warden. What the kernel
// has for a process, in sockets for example, counts in a control group alone.
func TestHeld(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds and hundreds of megabytes")
	}
	everyKind(t, func(t *testing.T, r Sandbox) {
		t.Logf("limits: %s", r.Held)
		attacks := map[string]string{
			"private": "memory", "shared": "memory", "unmapped": "memory", "processes": "processes", "closed": "output", "nothing": "",
		}
		if r.Held.Memory {
			attacks["sockets"] = "memory"
		}
		for what, limit := range attacks {
			t.Run(what, func(t *testing.T) { r.attackWith(t, what, limit) })
		}
	})
}

func (r Sandbox) attackWith(t *testing.T, what, limit string) {
	r.Limits = Limits{Memory: 200 << 20, Processes: 1000, Output: 50 << 20}
	if limit == "processes" {
		r.Limits.Processes, r.Limits.Memory = 100, 0 // the race detector makes large ones of them
	}
	work := workdir(t, r)
	program, err := os.ReadFile("/proc/self/exe")
	if err := errors.Join(err, os.WriteFile(filepath.Join(work, attackName), program, 0o755)); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = r.Run(t.Context(), Spec{Work: work, Stdout: &out, Stderr: &out, Args: []string{filepath.Join(r.Path(work), attackName), what}}, nil)
	var exceeded *LimitError
	switch {
	case limit == "" && err != nil:
		t.Errorf("got %v", err)
	case limit != "" && (!errors.As(err, &exceeded) || exceeded.Name != limit):
		t.Errorf("it is to be ended by the limit %s: got %v: %s", limit, err, out.String())
	}
}
