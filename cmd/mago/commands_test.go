package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"mago/cmd/mago/internal/store"
	"mago/debpkg"
)

// scriptCommands are what the scripts can do beside testscript's own:
//
//	fails CODE PROGRAM…             the program ends with that exit code
//	json PATH WANT                  the value in the JSON just printed, as 0.kernels.1.state
//	package NAME VERSION DIR FIELD… a -dkms package in the archive, with the files of DIR; those below DIR/root are for /
//	offer RELEASE…                  packages of those kernels' headers in the archive
//	damage KIND NAME VERSION        a -dkms package that is truncated, corrupted or not-xz, just as apt's lists have it
//	tarball FILE NAME=CONTENT…      a tarball; see tarOf for the contents
//	contents DEB                    prints the date, mode and name of each file in a package
//	control DEB                     prints the files of a package's control member
//	signers DEB                     prints who has signed the modules of a package
//	enroll VARIABLE DER             writes a variable of the firmware that holds a certificate
//	signdir DIR KIND DATE           signs a directory of requests with a new key, valid for a year
//	installed NAME VERSION          has dpkg's status hold that package
//	removed [-keep] NAME            has it lose that package, or keep its configuration files
//	hold NAME                       takes one of mago's locks until the script ends
//	paste [-try] PATTERN PROGRAM…   runs the command out of the advice that mago has just given, which succeeds (!: fails), and
//	                                then the program; -try leaves the root as it was
//	evil FILE…                      puts what would command a terminal, as in $EVIL, in the place of each @EVIL@ in files
//	said ARG…                       mago, however it ends, prints nothing that commands a terminal, but something of $EVIL (!: or nothing)
//	tidy                            nothing half-done lies in the root
//	terminal [-ctrl-c CALL | -type LINE] COLUMNS mago ARG…
//	                                runs mago on a terminal and keeps what that shows; see onTerminal
//	interrupt [-finish] [-nohup] [-SIGNAL] CALL ARG…
//	                                ends mago with Ctrl-C, or that signal, once the program of that call runs
//	waits [-stop] LOCK ARG…         runs mago while the lock, one of mago's or a file of apt's or dpkg's, is held, until
//	                                mago says so; then gives the lock up, or presses Ctrl-C
//	followed [-before] [-kill] CODE MODULE CALL ARG…
//	                                follows the log of a build that hangs in that call; see followed
var scriptCommands = map[string]func(*testscript.TestScript, bool, []string){
	"fails": fails, "json": jsonValue, "package": addPackage, "damage": damagePackage, "tarball": makeTarball,
	"contents": contents, "control": controlFiles, "installed": installed, "removed": removed, "hold": hold, "tidy": tidy, "interrupt": interrupt, "abort": abort, "waits": waits, "sharing": sharing,
	"evil": putEvil, "said": saysEvil, "terminal": onTerminal, "paste": paste,
	"followed": followed, "offer": offer, "signers": signers, "enroll": enroll, "signdir": signdir,
}

func fails(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) && strconv.Itoa(exit.ExitCode()) == args[0] {
		return
	}
	ts.Fatalf("got %v, want exit status %s", err, args[0])
}

func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	var value any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &value); err != nil {
		ts.Fatalf("stdout is no JSON: %v", err)
	}
	for key := range strings.SplitSeq(args[0], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				ts.Fatalf("no element %s in %v", key, v)
			}
			value = v[i]
		default:
			ts.Fatalf("no %s in %v", key, v)
		}
	}
	if got := fmt.Sprint(value); (got == args[1]) == neg {
		ts.Fatalf("%s is %s", args[0], got)
	}
}

func offer(ts *testscript.TestScript, _ bool, args []string) {
	for _, release := range args {
		release, version, _ := strings.Cut(release, "=")
		ts.Check(worldOf(ts).offerHeaders(release, cmp.Or(version, "6.1.27-1")))
	}
}

func addPackage(ts *testscript.TestScript, _ bool, args []string) {
	content := map[string]string{}
	dir := ts.MkAbs(args[2])
	ts.Check(filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if runtime, ok := strings.CutPrefix(path, dir+"/root/"); ok {
			content[runtime] = string(text)
			return err
		}
		name := strings.TrimSuffix(args[0], "-dkms") + "-" + strings.Split(args[1], "-")[0]
		content["usr/src/"+name+strings.TrimPrefix(path, dir)] = string(text)
		return err
	}))
	ts.Check(worldOf(ts).addPackage(args[0], args[1], content, nil, args[3:]...))
}

var damages = map[string]func([]byte) []byte{
	"truncated": func(deb []byte) []byte { return deb[:len(deb)-700] },
	"corrupted": func(deb []byte) []byte { return append([]byte("<html>"), deb[64:]...) },
	"not-xz": func(deb []byte) []byte {
		return bytes.Replace(deb, []byte("data.tar        "), []byte("data.tar.xz     "), 1)
	},
}

func damagePackage(ts *testscript.TestScript, _ bool, args []string) {
	content := map[string]string{"usr/src/x-1/dkms.conf": "PACKAGE_NAME=x\nPACKAGE_VERSION=1\n"}
	ts.Check(worldOf(ts).addPackage(args[1], args[2], content, damages[args[0]]))
}

func makeTarball(ts *testscript.TestScript, _ bool, args []string) {
	content := map[string]string{}
	for _, arg := range args[1:] {
		name, text, _ := strings.Cut(arg, "=")
		content[name] = text
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), tarOf(content), 0o644))
}

func contents(ts *testscript.TestScript, _ bool, args []string) {
	r, err := debpkg.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer r.Close()
	data, err := r.Data()
	ts.Check(err)
	defer data.Close()
	entries := tar.NewReader(data)
	for {
		h, err := entries.Next()
		if err == io.EOF {
			return
		}
		ts.Check(err)
		fmt.Fprintln(ts.Stdout(), h.ModTime.UTC().Format(time.DateOnly), h.FileInfo().Mode(), h.Name)
	}
}

func controlFiles(ts *testscript.TestScript, _ bool, args []string) {
	dir, err := os.MkdirTemp("", "")
	ts.Check(err)
	defer os.RemoveAll(dir)
	ts.Check(exec.Command("dpkg-deb", "-e", ts.MkAbs(args[0]), dir).Run())
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	ts.Check(err)
	for _, file := range files {
		fmt.Fprintf(ts.Stdout(), "== %s\n%s", filepath.Base(file), ts.ReadFile(file))
	}
}

func installed(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(worldOf(ts).add("var/lib/dpkg/status", fmt.Sprintf(statusFormat, args[0], args[1])))
}

func removed(ts *testscript.TestScript, _ bool, args []string) {
	w, name := worldOf(ts), args[len(args)-1]
	text, err := os.ReadFile(filepath.Join(w.root, "var/lib/dpkg/status"))
	ts.Check(err)
	var left []string
	for _, p := range strings.SplitAfter(string(text), "\n\n") {
		if strings.HasPrefix(p, "Package: "+name+"\n") {
			if args[0] != "-keep" {
				continue
			}
			p = strings.Replace(p, "install ok installed", "deinstall ok config-files", 1)
		}
		left = append(left, p)
	}
	ts.Check(w.write("var/lib/dpkg/status", strings.Join(left, ""), 0o644))
}

// tidy looks for temporary names, work directories, .debs that are not whole and records of .debs that are not there.
func tidy(ts *testscript.TestScript, _ bool, _ []string) {
	cache := filepath.Join(worldOf(ts).root, "var/cache/mago")
	if _, err := os.Stat(cache); err != nil {
		return // not made yet
	}
	ts.Check(filepath.WalkDir(cache, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside := strings.TrimPrefix(path, cache)
		switch {
		case strings.HasPrefix(inside, "/headers/") && entry.IsDir() && entry.Name() == "data":
			return filepath.SkipDir // what packages hold
		case strings.HasPrefix(entry.Name(), "."), strings.HasPrefix(inside, "/work/"), strings.HasPrefix(entry.Name(), "unfinished."):
			ts.Fatalf("left behind: %s", path)
		case strings.HasPrefix(inside, "/debs/"), strings.HasPrefix(inside, "/downloads/"):
			return checkDeb(path)
		case entry.Name() == "record.json", entry.Name() == "failure.json":
			return checkRecord(path)
		}
		return nil
	}))
}

func checkDeb(path string) error {
	r, err := debpkg.Open(path)
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := r.Data()
	if err != nil {
		return err
	}
	defer data.Close()
	_, err = io.Copy(io.Discard, data)
	return err
}

// checkRecord wants the package of a record that tells of one.
func checkRecord(path string) error {
	var r store.Record
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err == nil && r.Result == store.Built && !store.Open(filepath.Join(path, "../../../..")).IsWhole(r) {
		err = fmt.Errorf("%s: no package %s", path, r.Deb)
	}
	return err
}
