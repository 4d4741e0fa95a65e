package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// hostileDirs hold sources, a directory each, that do what they can to the machine that builds them.
const hostileDirs = "testdata/hostile/*/"

// secret is what none of them may get hold of.
const secret = "nobody may read this"

// attack has every hostile source built, once. Whatever mago says to that, the machine is as it was before.
func (s *soaking) attack(ctx context.Context, _ *rand.Rand, t *tally) (string, []finding, error) {
	dirs, err := filepath.Glob(hostileDirs)
	if err != nil {
		return "", nil, err
	}
	if err := os.WriteFile(s.Path("/root/secret"), []byte(secret), 0o600); err != nil {
		return "", nil, err
	}
	var found []finding
	for _, dir := range dirs {
		name := filepath.Base(dir)
		if err := s.lay(dir, name); err != nil {
			return "", nil, err
		}
		before := s.outside()
		out := s.mago(ctx, "a-b", "-f", "./"+name)
		t.note(fmt.Sprintf("%s: %v", name, out))
		all := append(s.settled(), s.changed(before)...)
		all = append(all, s.betrayed()...)
		for i := range all {
			all[i].what = name + ": " + all[i].what
		}
		found = append(found, all...)
	}
	return fmt.Sprintf("%d hostile sources", len(dirs)), found, nil
}

// lay puts a source into root's home, where programs of the build may run.
func (s *soaking) lay(dir, name string) error {
	to := s.Path("/root/" + name)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(dir))
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

// betrayed looks through what mago keeps for what a build has no business with: the secret, and files with others' rights.
func (s *soaking) betrayed() []finding {
	var all []finding
	_ = filepath.WalkDir(s.Path(usual.cache), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			all = append(all, finding{escaped, path + " is setuid"})
		}
		if text, err := os.ReadFile(path); err == nil && info.Mode().IsRegular() && bytes.Contains(text, []byte(secret)) {
			all = append(all, finding{escaped, path + " holds the secret"})
		}
		return nil
	})
	return all
}
