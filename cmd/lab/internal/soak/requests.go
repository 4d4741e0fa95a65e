package soak

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mago/cmd/lab/internal/debian"
)

// outside is a file that requests may lead to and nobody may change, and secret what it holds.
const (
	outside = "/srv/outside"
	secret  = "nobody's but the system's\n"
)

// spoils are what somebody does to a file of a directory of requests, which he may own.
var spoils = []struct {
	name string
	do   func(m *machine, dice *rand.Rand, path string) error
}{
	{"cut", func(_ *machine, dice *rand.Rand, path string) error { return change(path, dice, false) }},
	{"another byte in", func(_ *machine, dice *rand.Rand, path string) error { return change(path, dice, true) }},
	{"no", func(_ *machine, _ *rand.Rand, path string) error { return os.Remove(path) }},
	{"a link for", func(_ *machine, _ *rand.Rand, path string) error {
		return errors.Join(os.Remove(path), os.Symlink(outside, path))
	}},
	{"a pipe for", func(_ *machine, _ *rand.Rand, path string) error {
		return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o666))
	}},
	{"a directory for", func(_ *machine, _ *rand.Rand, path string) error {
		return errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "more"), 0o777))
	}},
	{"a linked directory around", func(m *machine, _ *rand.Rand, path string) error {
		if path = filepath.Dir(path); path == m.Path(requests) {
			return nil
		}
		return errors.Join(os.Rename(path, path+".real"), os.Symlink(filepath.Dir(outside), path))
	}},
	{"another owner of", func(m *machine, _ *rand.Rand, path string) error {
		return errors.Join(os.Lchown(path, nobody, nobody), os.Lchown(m.Path(requests), nobody, nobody))
	}},
}

// nobody is an ordinary user's number (Debian Policy 9.2.2).
const nobody = 65534

// change cuts a file somewhere, or has another byte there.
func change(path string, dice *rand.Rand, other bool) error {
	text, err := os.ReadFile(path)
	if err != nil || len(text) == 0 {
		return err
	}
	at := dice.IntN(len(text))
	if other {
		text[at] ^= byte(1 + dice.IntN(255))
	} else {
		text = text[:at]
	}
	return os.WriteFile(path, text, 0o644)
}

// spoil changes a directory of requests on its way to the machine that signs, or back: mago does with it what was asked for, or refuses
// it, and touches nothing else.
func (s *soaking) spoil(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	args, before := []string{"sign", requests}, s.toSign
	if dice.IntN(2) == 0 {
		args, before = []string{"sign", "--attach", requests}, s.toAttach()
	}
	if err := errors.Join(before(ctx), os.WriteFile(s.Path(outside), []byte(secret), 0o644)); err != nil {
		return "", nil, err
	}
	files := s.requestFiles()
	path, how := files[dice.IntN(len(files))], spoils[dice.IntN(len(spoils))]
	if err := how.do(s.machine, dice, path); err != nil {
		return "", nil, err
	}
	first := s.mago(ctx, args...)
	t.note(how.name + ": " + first.String())
	told := fmt.Sprintf("mago %s: %s %s: %v: %s", strings.Join(args, " "), how.name, filepath.Base(path), first, debian.MagoError(first.said))
	found := append(s.settled(), s.damaged(usual)...)
	if first.code != 0 && debian.MagoError(first.said) == "" {
		found = append(found, finding{lost, "no word of what is wrong: " + first.said})
	}
	if first.code == 0 && slices.Contains(args, "--attach") {
		found = append(found, s.unsigned(usual)...)
	}
	if text, err := os.ReadFile(s.Path(outside)); err != nil || !bytes.Equal(text, []byte(secret)) || len(s.glob("/srv/*.p7s")) > 0 {
		found = append(found, finding{escaped, fmt.Sprintf("%s was changed, or something lies beside it: %v", outside, err)})
	}
	if err := errors.Join(s.emptyRequests(), os.Chown(s.Path(requests), 0, 0), s.toAttach()(ctx)); err != nil {
		return "", nil, err
	}
	again, more := s.again(ctx, t, usual, "sign", "--attach", requests)
	return told + "; again: " + again, append(found, more...), nil
}

// requestFiles are all files of the directory.
func (m *machine) requestFiles() (files []string) {
	_ = filepath.WalkDir(m.Path(requests), func(path string, entry fs.DirEntry, err error) error { // none is found out at once
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	return files
}

// rush has many magos write requests into one directory, sign what it asks for, and take the signatures. One at a time has it.
func (s *soaking) rush(ctx context.Context, _ *rand.Rand, t *tally) (string, []finding, error) {
	if err := s.toAsk(ctx); err != nil {
		return "", nil, err
	}
	var found []finding
	var told []string
	for _, args := range [][]string{request, {"sign", requests}, {"sign", "--attach", requests}} {
		done, wrong, err := s.atOnce(ctx, t, args)
		if err != nil {
			return "", nil, err
		}
		if found = append(found, wrong...); done == 0 || done > 1 && slices.Equal(args, request) {
			found = append(found, finding{lost, fmt.Sprintf("mago %q has done its work %d times", args, done)})
		}
		told = append(told, fmt.Sprintf("%d of %d: mago %s", done, s.crowd, strings.Join(args, " ")))
	}
	again, more := s.again(ctx, t, usual, "sign", "--attach", requests)
	return strings.Join(told, "; ") + "; again: " + again, append(found, more...), nil
}

// atOnce runs a command many times at once. Who does not do it says that another one does, or has done it.
func (s *soaking) atOnce(ctx context.Context, t *tally, args []string) (done int, found []finding, err error) {
	var all []*running
	for range s.crowd {
		r, err := s.start(ctx, s.arguments(args...)...)
		if err != nil {
			return 0, nil, err
		}
		all = append(all, r)
	}
	for _, r := range all {
		out := r.wait()
		t.note(out.String())
		switch {
		case out.code == 0:
			done++
		case out.code != exitBusy && !strings.Contains(out.said, "the directory is not empty"):
			found = append(found, finding{lost, fmt.Sprintf("mago %q: %v:\n%s", args, out, out.said)})
		}
	}
	return done, append(found, s.damaged(usual)...), nil
}
