package soak

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mago/sources"
)

// places are where one mago keeps things, as the system's paths.
type places struct{ cache, dest string }

var usual = places{"/var/cache/mago", "/var/cache/mago/debs"}

// damaged looks for what may never be seen, whatever has been done to mago: what is under its name is whole.
func (m *machine) damaged(p places) []finding {
	var all []finding
	for _, look := range []func(places) []finding{m.damagedDebs, m.damagedRecords, m.damagedSignatures, m.damagedKeys, m.damagedTrees, m.damagedIndex} {
		all = append(all, look(p)...)
	}
	return all
}

// damagedDebs opens every package and every download.
func (m *machine) damagedDebs(p places) []finding {
	var all []finding
	for _, pattern := range []string{filepath.Join(p.dest, "*.deb"), filepath.Join(p.cache, "downloads", "*.deb")} {
		for _, deb := range m.glob(pattern) {
			sum, err := hash(deb)
			if err != nil || m.whole[sum] {
				continue // gone meanwhile, or seen before
			}
			cmd := exec.Command("sh", "-c", `dpkg-deb --info "$0" >/dev/null && dpkg-deb --fsys-tarfile "$0" | tar -t >/dev/null`, deb)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				all = append(all, finding{corrupted, fmt.Sprintf("%s: %s", deb, out)})
				continue
			}
			m.whole[sum] = true
		}
	}
	return all
}

// record is what a build's record says of the files beside it.
type record struct {
	Module, Kernel, Result, Error, Deb, SHA256, Log string
	Common                                          *struct{ Deb string }
	Signed                                          *signedBy
}

// signedBy is a certificate, by its SHA-256, and the modules that mago has signed with it, by their paths.
type signedBy struct {
	SHA256  string
	Modules []string
}

// damagedRecords compares what records say with the files that they name. None of the modules fails to build.
func (m *machine) damagedRecords(p places) []finding {
	var all []finding
	for _, file := range m.glob(filepath.Join(p.cache, "builds", "*", "*", "*.json")) {
		if strings.HasPrefix(filepath.Base(file), "unfinished.") { // see leftOver
			continue
		}
		if name := filepath.Base(file); name == "sbom.spdx.json" || name == "proven.json" {
			if text, err := os.ReadFile(file); err != nil || !json.Valid(text) {
				all = append(all, finding{corrupted, file + " cannot be read"})
			}
			continue
		}
		var r record
		if text, err := os.ReadFile(file); err != nil || json.Unmarshal(text, &r) != nil {
			all = append(all, finding{corrupted, file + " cannot be read"})
			continue
		}
		if r.Result != "built" {
			all = append(all, finding{corrupted, fmt.Sprintf("%s says %q: %s", file, r.Result, r.Error)})
			continue
		}
		if sum, err := hash(m.Path(r.Deb)); err != nil {
			all = append(all, finding{lost, fmt.Sprintf("%s: %v", file, err)})
		} else if sum != r.SHA256 {
			all = append(all, finding{corrupted, fmt.Sprintf("%s: the hash of %s is another", file, r.Deb)})
		}
		if info, err := os.Stat(m.Path(r.Log)); err != nil || info.Size() == 0 {
			all = append(all, finding{lost, fmt.Sprintf("%s: no log", file)})
		}
		if r.Common != nil {
			if _, err := os.Stat(m.Path(r.Common.Deb)); err != nil {
				all = append(all, finding{lost, fmt.Sprintf("%s: %v", file, err)})
			}
		}
	}
	return all
}

func hash(path string) (string, error) {
	text, err := os.ReadFile(path)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// damagedTrees compares opened sources with what they were at first.
func (m *machine) damagedTrees(p places) []finding {
	var all []finding
	for _, dir := range m.glob(filepath.Join(p.cache, "trees", "*", "[^.]*")) {
		if _, err := os.Stat(filepath.Join(dir, "tree.json")); err != nil {
			all = append(all, finding{corrupted, fmt.Sprintf("half a tree: %v", err)})
			continue
		}
		sum, err := m.treeSum(dir)
		place := strings.TrimPrefix(dir, m.Path(filepath.Join(p.cache, "trees")))
		if before, known := m.trees[place]; err != nil || known && sum != before {
			all = append(all, finding{corrupted, fmt.Sprintf("%s is not what it was (%v)", dir, err)})
		}
	}
	return all
}

// treeSum is over all of a tree but its record, in which dates may differ, and what was evaluated of it, which a build may add.
func (m *machine) treeSum(dir string) (string, error) {
	var sums strings.Builder
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() && e.Name() != "beside" {
			sum, err := sources.Digest(context.Background(), filepath.Join(dir, e.Name()))
			if err != nil {
				return "", err
			}
			fmt.Fprintln(&sums, e.Name(), sum)
		}
	}
	return sums.String(), err
}

// remember takes the trees of now as the right ones.
func (m *machine) remember() error {
	for _, dir := range m.glob(filepath.Join(usual.cache, "trees", "*", "[^.]*")) {
		sum, err := m.treeSum(dir)
		if err != nil {
			return err
		}
		m.trees[strings.TrimPrefix(dir, m.Path(filepath.Join(usual.cache, "trees")))] = sum
	}
	return nil
}

func (m *machine) damagedIndex(p places) []finding {
	file := m.Path(filepath.Join(p.cache, "index.json"))
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	var index struct{ Modules []any }
	if err != nil || json.Unmarshal(text, &index) != nil || len(index.Modules) == 0 {
		return []finding{{corrupted, file}}
	}
	return nil
}

// leftOver finds what bears a temporary name, after a run that had an end.
func (m *machine) leftOver(p places) []finding {
	var all []finding
	tell := func(path string) { all = append(all, finding{left, strings.TrimPrefix(path, m.Dir)}) }
	for _, top := range []string{p.cache, p.dest, keys, requests, "/tmp", "/var/tmp"} {
		_ = filepath.WalkDir(m.Path(top), func(path string, entry fs.DirEntry, err error) error {
			rel := strings.TrimPrefix(path, m.Path(p.cache)+"/")
			switch {
			case err != nil || path == m.Path(top):
				return nil
			case strings.HasPrefix(rel, "trees/") && strings.Count(rel, "/") > 2:
				return fs.SkipDir // a source may hold any name
			case filepath.Dir(path) == m.Path(filepath.Join(p.cache, "work")):
				tell(path)
				return fs.SkipDir
			case strings.HasPrefix(entry.Name(), "apt."), strings.HasPrefix(entry.Name(), "apt-key-gpghome."): // apt's own, where it was killed
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case top == "/tmp", top == "/var/tmp", strings.HasPrefix(entry.Name(), "."), strings.HasPrefix(entry.Name(), "unfinished."):
				tell(path)
				if entry.IsDir() {
					return fs.SkipDir
				}
			}
			return nil
		})
	}
	return all
}

// glob gives the host's names of what a pattern of the system's fits.
func (m *machine) glob(pattern string) []string {
	all, _ := filepath.Glob(m.Path(pattern)) // fails on nothing but its pattern
	return all
}

// grown finds more below mago's directory than all modules take, twice.
func (m *machine) grown() []finding {
	if now := m.usage(); now > 2*m.kept {
		return []finding{{left, fmt.Sprintf("mago keeps %d bytes, where %d were enough", now, m.kept)}}
	}
	return nil
}

// usage adds up the bytes of what mago keeps.
func (m *machine) usage() (bytes int64) {
	_ = filepath.WalkDir(m.Path(usual.cache), func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			if info, err := entry.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}
