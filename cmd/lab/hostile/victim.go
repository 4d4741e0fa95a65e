package hostile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Victim is a directory, a process and sockets of the host that no build has any business with. Any user may do to them
// what an attack tries.
type Victim struct {
	root      string // of the host's files, "" for /
	dir       string // below it, as tmp
	tmp       string // a file that is not there
	process   *exec.Cmd
	tcp       *net.TCPListener
	udp       *net.UDPConn
	tokens    []string // sockets made where those of tokens are, in the host
	listeners []listener
	died      chan struct{}
}

// marks are files that attacks try to make.
func (v *Victim) marks() (paths []string) {
	for _, name := range []string{"/etc/mago-hostile", "/usr/bin/mago-hostile", "/lib/modules/mago-hostile", "/var/lib/dpkg/mago-hostile", v.tmp} {
		paths = append(paths, filepath.Join(v.root, name))
	}
	return paths
}

// NewVictim makes one on the host whose files are below root, "" for this one; its process runs as a user, and its name is
// told from all others'.
func NewVictim(root string, uid, gid uint32) (*Victim, error) {
	dir, err := os.MkdirTemp(filepath.Join(root, "/var/tmp"), "mago-victim-")
	if err != nil {
		return nil, err
	}
	v := &Victim{root: root, dir: strings.TrimPrefix(dir, root), tmp: filepath.Join("/tmp", filepath.Base(dir)), died: make(chan struct{})}
	err = errors.Join(os.Chmod(dir, 0o777), os.WriteFile(v.file("secret"), []byte("SECRET"), 0o666), os.Chmod(v.file("secret"), 0o666),
		os.WriteFile(v.file("roots"), []byte("SECRET"), 0o600), syscall.Mkfifo(v.file("alive"), 0o666), os.Chmod(v.file("alive"), 0o666))
	if err == nil {
		err = errors.Join(v.makeKey(), v.listen(), v.start(uid, gid))
	}
	return v, err
}

func (v *Victim) file(name string) string { return filepath.Join(v.root, v.dir, name) }

// listen opens a socket of every kind.
func (v *Victim) listen() (err error) {
	local := net.IPv4(127, 0, 0, 1)
	if v.tcp, err = net.ListenTCP("tcp4", &net.TCPAddr{IP: local}); err != nil {
		return err
	}
	v.listeners = append(v.listeners, v.tcp)
	dir, err := os.Open(v.file("."))
	if err != nil {
		return err
	}
	defer dir.Close()
	short := fmt.Sprintf("/proc/self/fd/%d/socket", dir.Fd()) // sun_path has room for 108 bytes
	for _, name := range []string{short, "@" + v.dir} {
		l, err := net.Listen("unix", name)
		if err != nil {
			return err
		}
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		v.listeners = append(v.listeners, l.(*net.UnixListener))
	}
	if err := v.listenAsTokens(); err != nil {
		return err
	}
	if v.udp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: local}); err != nil {
		return err
	}
	v.listeners = append(v.listeners, v.udp)
	return os.Chmod(v.file("socket"), 0o666)
}

// listener is a socket that somebody may talk to. Nobody answers: the kernel keeps who has called, also when he has gone.
type listener interface {
	io.Closer
	syscall.Conn
}

// isReached reports whether one of the sockets was talked to.
func (v *Victim) isReached() (is bool) {
	for _, l := range v.listeners {
		raw, err := l.SyscallConn()
		if err == nil {
			err = raw.Control(func(fd uintptr) {
				n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
				is = is || n > 0
			})
		}
		is = is || err != nil // closed by somebody else
	}
	return is
}

func (v *Victim) start(uid, gid uint32) error {
	key, err := os.Open(v.file("keys/signing.key"))
	if err != nil {
		return err
	}
	defer key.Close()
	v.process = exec.Command("sleep", "infinity")
	v.process.Env = []string{"PATH=/usr/bin:/bin", "MAGO_HOSTILE_SECRET=SECRET", "PASSPHRASE=PASSPHRASE-OF-MAGO"}
	v.process.ExtraFiles = []*os.File{key}
	v.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		v.process.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid, Groups: []uint32{}}
	}
	if err := v.process.Start(); err != nil {
		return err
	}
	go func() {
		_ = v.process.Wait()
		close(v.died)
	}()
	return nil
}

// variables tell an attack where the victim is.
func (v *Victim) variables() string {
	return fmt.Sprintf("export VICTIM=%s VICTIM_TMP=%s VICTIM_PID=%d VICTIM_TCP=%d VICTIM_UDP=%d VICTIM_NAME=%s VICTIM_TOKENS='%s'\n", v.dir, v.tmp, v.process.Process.Pid,
		v.tcp.Addr().(*net.TCPAddr).Port, v.udp.LocalAddr().(*net.UDPAddr).Port, filepath.Base(v.dir), strings.Join(tokens, " "))
}

// Escapes says what an attack has done to the victim or the host, by what the attack has printed and by what lies in
// the build's work directory, whose foreign part is called tree.
func (v *Victim) Escapes(printed, work string) (found []string) {
	for line := range strings.Lines(printed) {
		if strings.Contains(line, "ESCAPED: ") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	if text, _ := os.ReadFile(v.file("secret")); string(text) != "SECRET" {
		found = append(found, "a file of the host was written to")
	}
	for _, path := range append(v.marks(), v.file("new"), filepath.Join(filepath.Dir(work), "mago-hostile")) {
		if _, err := os.Lstat(path); err == nil {
			found = append(found, path+" was made")
		}
	}
	if v.isReached() {
		found = append(found, "a socket of the host was reached")
	}
	select {
	case <-v.died:
		found = append(found, "a process of the host was ended")
	default:
	}
	for _, pid := range v.survivors() {
		found = append(found, fmt.Sprintf("process %d lives on", pid))
	}
	return append(found, leftIn(work)...)
}

// survivors are processes that name the victim.
func (v *Victim) survivors() (pids []int) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range lines {
		text, _ := os.ReadFile(file)
		words := strings.Split(string(text), "\x00")
		if len(words) > 3 && words[3] == filepath.Base(v.dir) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// leftIn finds what root is not to meet in a work directory.
func leftIn(work string) (found []string) {
	_ = filepath.WalkDir(work, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		info, err := entry.Info()
		beside := filepath.Dir(path) == work && entry.Name() != "tree" && entry.Name() != "finished" && entry.Name() != "shipped"
		if err == nil && (info.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeDevice) != 0 || beside) {
			found = append(found, fmt.Sprintf("%s %s was left", info.Mode(), path))
		}
		return nil
	})
	return found
}

// Close takes the victim away, and what was done to it.
func (v *Victim) Close() error {
	_ = v.process.Process.Kill()
	<-v.died
	for _, l := range v.listeners {
		l.Close()
	}
	for _, pid := range v.survivors() {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	for _, path := range append(v.marks(), v.tokens...) {
		_ = os.Remove(path)
	}
	for _, path := range v.tokens {
		_ = os.Remove(filepath.Dir(path)) // which fails where it was there before, with something in it
	}
	return os.RemoveAll(v.file("."))
}
