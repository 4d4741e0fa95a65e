package soak

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// matrix has the local modules built for both kernels.
func (m *machine) matrix() []string {
	return append([]string{"-l", m.kernel + "," + m.other, "a-b"}, locals...)
}

// addKernel makes the headers of the second kernel of the first one's.
func (m *machine) addKernel(ctx context.Context) error {
	const add = `set -e
cd /usr/src
rm -rf "linux-headers-$2" "/lib/modules/$2"
cp -a "linux-headers-$1" "linux-headers-$2"
sed -i "s/$1/$2/" "linux-headers-$2/include/generated/utsrelease.h" "linux-headers-$2/include/config/kernel.release"
mkdir -p "/lib/modules/$2"
ln -s "/usr/src/linux-headers-$2" "/lib/modules/$2/build"`
	_, err := m.Run(ctx, "sh", "-c", add, "add", m.kernel, m.other)
	return err
}

// finished are the records of the matrix's units, by their files, with when their builds began: an installation, too, writes to
// a record.
func (m *machine) finished() map[string]string {
	all := map[string]string{}
	for _, dir := range locals {
		for _, file := range m.glob(filepath.Join(usual.cache, "builds", filepath.Base(dir), "*", "record.json")) {
			if text, err := os.ReadFile(file); err == nil { // one that has gone has not been finished
				all[file] = begun(text)
			}
		}
	}
	return all
}

func begun(record []byte) string {
	var r struct{ Started string }
	_ = json.Unmarshal(record, &r) // what is no record is told as damaged
	return r.Started
}

// since leaves out what was there before.
func since(before, now map[string]string) map[string]string {
	now = maps.Clone(now)
	maps.DeleteFunc(now, func(file, sum string) bool { return before[file] == sum })
	return now
}

// rebuilt finds units that were built again though they had been finished. A record that has gone was purged, or is damage.
func (m *machine) rebuilt(finished map[string]string) (all []finding) {
	now := m.finished()
	for _, file := range slices.Sorted(maps.Keys(finished)) {
		if again, there := now[file]; there && again != finished[file] {
			all = append(all, finding{lost, strings.TrimPrefix(file, m.Dir) + ": it was finished, and is built again"})
		}
	}
	return all
}

var builtUnit = regexp.MustCompile(`(?m)^built +(\S+ \S+)`)

// built are the units that a run of several says it has built, as "MODULE KERNEL".
func (o outcome) built() (units []string) {
	for _, line := range builtUnit.FindAllStringSubmatch(o.said, -1) {
		units = append(units, line[1])
	}
	return units
}
