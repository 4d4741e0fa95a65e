package kbuild

import (
	"slices"
	"strings"
	"testing"

	"mago/kbuild/recipe"
)

func TestHooks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	source := with(t, tree{
		"dkms.conf":  named + "PRE_INSTALL='check.sh  a b'\nPOST_INSTALL=plain\nPOST_REMOVE=none.sh\nPRE_BUILD=change.sh\n",
		"change.sh+": "#!/bin/sh\necho exit 1 >check.sh\n",
		"check.sh+":  "#!/bin/sh\nexit 0\n",
		"plain":      "#!/bin/sh\n",
	})
	hooks := b.mustBuild(t, source).Hooks
	if len(hooks) != 1 {
		t.Fatalf("got %+v", hooks)
	}
	h := hooks[0]
	if h.When != "PRE_INSTALL" || string(h.Script) != "#!/bin/sh\nexit 0\n" || !slices.Equal(h.Args, []string{"a", "b"}) {
		t.Errorf("got %+v", h)
	}
	if want := []string{"kernelver=" + b.kernel.Release, "arch=" + b.kernel.Arch, "module=hello", "module_version=1.0"}; !slices.Equal(h.Env, want) {
		t.Errorf("got %q, want %q", h.Env, want)
	}
	for _, want := range []string{"warning: POST_INSTALL names plain, which is not an executable file", "warning: POST_REMOVE names none.sh, which"} {
		if !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

// TestHookRefused has scripts that a package could not carry, or that are no part of the source.
func TestHookRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files tree
		want  string
	}{
		"binary":   {tree{"hook+": "\x7fELF\x00\x01"}, "POST_INSTALL: hook: not a text"},
		"long":     {tree{"hook+": strings.Repeat("#", recipe.MaxHook+1)}, "POST_INSTALL: hook: longer than"},
		"link":     {tree{"hook": "-> /bin/true"}, "POST_INSTALL: hook: "},
		"climbing": {tree{"dkms.conf": named + "MAKE=true POST_INSTALL=../../../../etc/passwd\n"}, "POST_INSTALL: ../../../../etc/passwd: "},
	} {
		t.Run(name, func(t *testing.T) {
			files := tree{"dkms.conf": named + "MAKE=true POST_INSTALL=hook\n"}
			for file, text := range test.files {
				files[file] = text
			}
			_, err := newBench(t).build(t, with(t, files))
			wantRecipeError(t, err, "dkms.conf: "+test.want)
		})
	}
}
