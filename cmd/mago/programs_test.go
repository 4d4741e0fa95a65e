package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mago/debpkg/apt"
)

// programs stand in for those of the system; each gets its arguments.
var programs map[string]func(w *world, args []string) error

func init() {
	programs = map[string]func(*world, []string) error{
		"apt-cache": aptCache, "apt-get": aptGet, "dpkg": dpkg, "useradd": useradd,
		"bwrap": bubblewrap, "namespaces": limitedSandbox, "user": limitedSandbox, "sudo": sudo, "env": env, "chroot": chroot, "make": fakeMake, "strip": strip, "stall": strip, "ls": strip, "modprobe": strip, "dmesg": strip, "mokutil": strip, "systemctl": strip, "mount": strip,
		"fakeroot": fakeroot, "holder": holder, "mago-pkcs11": onToken,
	}
}

// exitStatus ends a program with a code, after it has said why.
type exitStatus int

func (e exitStatus) Error() string { return "exit status" }

func fakeMain(program func(*world, []string) error) int {
	name := filepath.Base(os.Args[0])
	line := commandLine(name, os.Args[1:])
	failing := begins(line, os.Getenv("FAIL"))
	err := note(line)
	if begins(line, os.Getenv("DEAF")) { // as apt-get is while dpkg works for it
		signal.Ignore(syscall.SIGINT)
	}
	if begins(line, os.Getenv("HANG")) {
		err = errors.Join(err, hang())
	}
	if failing && !strings.Contains(line, " download ") {
		err = errors.Join(err, errors.New(name+" is out of order"+os.Getenv("SAYS")))
	}
	if err == nil {
		err = program(newWorld(os.Getenv("WORK")), os.Args[1:])
	}
	var status exitStatus
	switch {
	case errors.As(err, &status):
		return int(status)
	case err != nil:
		fmt.Fprintln(os.Stderr, "E:", err)
		return 100
	}
	return 0
}

// commandLine leaves out how bubblewrap lays out the file system, and the options that aptGet insists on.
func commandLine(name string, args []string) string {
	if i := slices.Index(args, "--"); i >= 0 && name == "bwrap" {
		args = args[i+1:]
	}
	line := strings.Join(append([]string{name}, args...), " ")
	for _, usual := range []string{strings.Join(apt.TrustArgs(false), " "), onlyNames, "-o APT::Status-Fd=1"} {
		line = strings.Replace(line, " "+usual, "", 1)
	}
	return line
}

func begins(line, prefixes string) bool {
	return slices.ContainsFunc(strings.Split(prefixes, ";"), func(p string) bool {
		return p != "" && (line == p || strings.HasPrefix(line, p+" "))
	})
}

func note(line string) error {
	file, err := os.OpenFile(filepath.Join(os.Getenv("WORK"), "calls"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, strings.ReplaceAll(line, "\n", " "))
	return errors.Join(err, file.Close())
}

// hang tells the script that this program runs, and waits to be let go on.
func hang() error {
	pipe, err := holdPipe()
	if err != nil {
		return err
	}
	if _, err := syscall.Write(pipe, []byte("begun")); err != nil {
		return err
	}
	_, err = os.ReadFile(filepath.Join(os.Getenv("WORK"), "go-on"))
	return err
}

// holdPipe opens the script's pipe, which then stays open as long as this process and all that it starts.
func holdPipe() (int, error) {
	return syscall.Open(filepath.Join(os.Getenv("WORK"), "begun"), syscall.O_WRONLY, 0)
}
