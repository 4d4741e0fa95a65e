package soak

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/lab/hostile"
	"mago/kbuild/sandbox"
)

// attack has a source try everything that it must not be able to, each by a door that the dice choose. Whatever mago says
// to that, the machine is as it was before.
func (s *soaking) attack(ctx context.Context, dice *rand.Rand, t *tally) (string, []finding, error) {
	uid, gid, err := s.buildUser()
	if err != nil {
		return "", nil, err
	}
	var found []finding
	for _, a := range hostile.Attacks {
		door := "MAKE"
		if !a.Module {
			door = hostile.Doors[dice.IntN(len(hostile.Doors))]
		}
		out, all, err := s.attackBy(ctx, a, door, uid, gid)
		if err != nil {
			return "", nil, err
		}
		t.note(out.String())
		for _, f := range all {
			found = append(found, finding{f.kind, fmt.Sprintf("%s by %s: %s", a.Name, door, f.what)})
		}
	}
	return fmt.Sprintf("%d hostile sources", len(hostile.Attacks)), found, nil
}

// buildUser is whom mago builds as on the system.
func (m *machine) buildUser() (uid, gid uint32, err error) {
	text, err := os.ReadFile(m.Path("/etc/passwd"))
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, sandbox.BuildUser+":") {
			_, err = fmt.Sscanf(strings.ReplaceAll(line, ":", " "), sandbox.BuildUser+" x %d %d", &uid, &gid)
		}
	}
	return uid, gid, err
}

// passphrase is a file that mago is given as its descriptor 3; the key needs none, and mago keeps it all the same.
const passphrase = "/root/passphrase"

// entrusted starts mago with secrets of every kind.
var entrusted = []string{"env", "MAGO_HOSTILE_SECRET=SECRET", "CREDENTIALS_DIRECTORY=/root", "bash", "-c", `exec "$@" 3<` + passphrase, "bash"}

// attackBy makes a source and a victim, and tells what the one did to the other and to the system.
func (s *soaking) attackBy(ctx context.Context, a hostile.Attack, door string, uid, gid uint32) (out outcome, found []finding, err error) {
	v, err := hostile.NewVictim(s.Dir, uid, gid)
	if err != nil {
		return out, nil, err
	}
	const source = "/root/attack/hello"
	given := os.WriteFile(s.Path(passphrase), []byte("PASSPHRASE-OF-MAGO\n"), 0o600)
	if err := errors.Join(given, os.RemoveAll(s.Path(source)), hostile.Write(s.Path(source), door, a, v)); err != nil {
		return out, nil, errors.Join(err, v.Close())
	}
	before := s.outside()
	limits := "memory=2G,processes=300,output=50M,time=30s"
	out = s.run(ctx, slices.Concat(entrusted, s.arguments("--limit", limits, "a-b", "-f", "--passphrase-fd=3", source))...)
	if out.code == 0 {
		found = append(found, finding{lost, "nothing was built, and the build succeeded"})
	}
	said := out.said
	for _, file := range s.glob(filepath.Join(usual.cache, "builds", "*", "*", "failure.log")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return out, nil, errors.Join(err, v.Close())
		}
		said += string(text)
	}
	for _, escape := range v.Escapes(said, s.Path(filepath.Join(usual.cache, "work"))) {
		found = append(found, finding{escaped, escape})
	}
	found = append(found, s.changed(before)...)
	found = append(found, s.lent()...)
	if err := v.Close(); err != nil {
		return out, nil, err
	}
	found = append(found, s.settled()...)
	for _, dir := range s.glob(filepath.Join(usual.cache, "work", "*")) {
		found = append(found, finding{left, dir})
	}
	return out, found, s.succeed(ctx, s.arguments("purge", "hello")...)
}

// outside tells apart every file of the system that is not mago's own.
func (s *soaking) outside() map[string]string {
	files := map[string]string{}
	_ = filepath.WalkDir(s.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone meanwhile, or a file system of the kernel's
		}
		name := strings.TrimPrefix(path, s.Dir)
		if name == usual.cache || name == "/proc" || name == "/dev" || name == "/sys" {
			return fs.SkipDir
		}
		if info, err := entry.Info(); err == nil && !entry.IsDir() {
			files[name] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return files
}

func (s *soaking) changed(before map[string]string) []finding {
	var all []finding
	after := s.outside()
	names := slices.Sorted(maps.Keys(after))
	for name := range before {
		if _, ok := after[name]; !ok {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if before[name] != after[name] {
			all = append(all, finding{escaped, fmt.Sprintf("%s was %q and is %q", name, before[name], after[name])})
		}
	}
	return all
}

// lent finds files with others' rights in what mago keeps.
func (s *soaking) lent() (all []finding) {
	_ = filepath.WalkDir(s.Path(usual.cache), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if info, err := entry.Info(); err == nil && info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			all = append(all, finding{escaped, path + " is setuid"})
		}
		return nil
	})
	return all
}
