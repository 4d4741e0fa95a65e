package jobs

import (
	"os"
	"path/filepath"
	"testing"
)

// TestDefault: the least of processors, memory and every quota on the way up counts, and it is at least one.
func TestDefault(t *testing.T) {
	const plenty = "MemTotal: 1 kB\nMemAvailable:   999999999 kB\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  int
	}{
		"nothing known":     {nil, processors()},
		"plenty":            {map[string]string{"proc/meminfo": plenty}, processors()},
		"little memory":     {map[string]string{"proc/meminfo": "MemAvailable:    1900000 kB\n"}, 1},
		"no memory":         {map[string]string{"proc/meminfo": "MemAvailable:     100000 kB\n"}, 1},
		"no quota":          {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, processors()},
		"part of one":       {map[string]string{"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "50000 100000\n"}, 1},
		"of a group above":  {map[string]string{"proc/self/cgroup": "0::/a/b/c\n", "sys/fs/cgroup/a/b/c/cpu.max": "900000 100000\n", "sys/fs/cgroup/a/cpu.max": "100000 100000\n"}, 1},
		"version 1":         {map[string]string{"proc/self/cgroup": "4:cpu,cpuacct:/a/b\n0::/\n", "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "100000\n", "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n"}, 1},
		"version 1, none":   {map[string]string{"proc/self/cgroup": "1:cpu:/\n", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, processors()},
		"a container's own": {map[string]string{"proc/self/cgroup": "0::/docker/x\n", "sys/fs/cgroup/cpu.max": "100000 100000\n"}, 1},
	} {
		root := t.TempDir()
		for file, text := range test.files {
			path := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := Default(root); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
	if n := ceil("150000", "100000"); n != 2 {
		t.Errorf("one and a half processors are %d", n)
	}
}
