package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mago/cmd/mago/internal/config"
)

// TestWhatCountsMore: of each field an option counts more than a variable, that more than a module's file, that more than mago.conf,
// and that more than the default.
func TestWhatCountsMore(t *testing.T) {
	for field, test := range map[string]struct {
		normal, general, module string
		variables               map[string]string
		variable                string // its value
		given                   options
		option                  string // its value
	}{
		"Sandbox":    {"auto", "user", "namespaces", map[string]string{"MAGO_SANDBOX": "bubblewrap"}, "bubblewrap", options{Sandbox: "auto"}, "auto"},
		"Limits":     {"time=6h", "time=1h", "time=2h", nil, "", options{Limit: []string{"time=3h"}}, "time=3h"},
		"Jobs":       {"", "2", "", nil, "", options{Jobs: 3}, "3"},
		"Reuse":      {"no", "yes", "no", map[string]string{"MAGO_REUSE": "0"}, "no", options{Reuse: true}, "yes"},
		"Maintainer": {"", "A <a@a.org>", "B <b@b.org>", map[string]string{"KMAINT": "C", "KEMAIL": "c@c.org"}, "C <c@c.org>", options{}, ""},
		"Dest":       {"", "/a", "/b", map[string]string{"KPKG_DEST_DIR": "/c"}, "/c", options{Dest: "/d"}, "/d"},
		"Signatures": {"auto", "none", "required", nil, "", options{}, ""},
		"Version":    {"", "", "1", nil, "", options{}, ""},
	} {
		files := map[string]string{}
		expect := func(step, want, from string, o options, variables map[string]string) {
			t.Helper()
			c := readConfig(written(t, files), true, o, func(name string) string { return variables[name] })
			if err := c.Check(); err != nil {
				t.Fatal(err)
			}
			module := "hello"
			if field == "Jobs" {
				module = ""
			}
			all := c.of(module)
			s := all[slices.IndexFunc(all, func(s config.Setting) bool { return s.Field == field })]
			if s.Value != want || s.From != from {
				t.Errorf("%s, %s: %q by %s, want %q by %s", field, step, s.Value, s.From, want, from)
			}
		}
		expect("nothing said", test.normal, config.Default, options{}, nil)
		if test.general != "" {
			files["mago.conf"] = field + ": " + test.general + "\n"
			expect("mago.conf", test.general, config.File, options{}, nil)
		}
		if test.module != "" {
			files["modules/hello.conf"] = field + ": " + test.module + "\n"
			expect("the module's file", test.module, config.File, options{}, nil)
		}
		if test.variable != "" {
			expect("a variable", test.variable, config.Environment, options{}, test.variables)
		}
		if test.option != "" {
			expect("an option", test.option, config.Option, test.given, test.variables)
		}
	}
}

// written is a new root with files of the configuration.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, systemConfig, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
