package recipe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"mago/kbuild/dkms"
	"mago/kbuild/foreign"
)

// Hook is a script of the source that is to run, as root, where the modules are installed.
type Hook struct {
	When   string // PRE_INSTALL, POST_INSTALL or POST_REMOVE of dkms(8)
	Path   string // of the script, below the source
	Script []byte // UTF-8 text without NULs
	Args   []string
	Env    []string // NAME=VALUE: what dkms has in its environment then
	Files  []HookFile
}

// MaxHook bounds a hook in bytes: dpkg's maintainer scripts are to carry it.
const MaxHook = 256 << 10

// hooks reads the scripts that dkms.conf wants run at installation. As with dkms, they are the source's, whatever the
// build has made of its copy, and one that is no executable file is passed over.
func (b *dkmsBuild) hooks(ctx context.Context) ([]Hook, error) {
	source, err := b.Job.Source.open()
	if err != nil {
		return nil, err
	}
	defer source.Close()
	var hooks []Hook
	conf := b.asDKMS(b.conf) // they run elsewhere, without the workspace
	for _, directive := range dkms.HookDirectives {
		script, args := conf.Hook(directive)
		if script == "" {
			continue
		}
		h, err := b.hook(ctx, source, directive, script, args)
		switch {
		case errors.Is(err, errNoHook):
			b.passOver(directive, script)
		case err != nil:
			return nil, err
		default:
			hooks = append(hooks, h)
		}
	}
	return hooks, nil
}

// hook reads one script and the files that it names. The error is errNoHook where it is not an executable file.
func (b *dkmsBuild) hook(ctx context.Context, source *os.Root, directive, script string, args []string) (h Hook, err error) {
	text, err := b.hookText(source, directive, script)
	if err != nil {
		return h, &Error{confFile, fmt.Errorf("%s: %s: %w", directive, script, err)}
	}
	h = Hook{When: directive, Path: b.script(directive), Script: text, Args: args, Env: b.exported()}
	if h.Files, err = b.hookFiles(ctx, source, h); err != nil {
		return h, err
	}
	b.Log.Note("%s: %s goes into the package, %d bytes", directive, script, len(text))
	for _, f := range h.Files {
		b.Log.Note("%s: and %s, %d bytes", directive, f.Path, len(f.Content))
	}
	return h, nil
}

var errNoHook = errors.New("not an executable file")

// hookText reads a script, which the administrator may have in place of the source's.
func (b *dkmsBuild) hookText(source *os.Root, directive, script string) ([]byte, error) {
	if file := b.script(directive); slices.Contains(b.added, file) {
		text, err := b.addition(file)
		return checkHook(text, err)
	}
	return checkHook(sourceHook(source, script))
}

// checkHook passes on what a package's script can contain.
func checkHook(text []byte, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, err
	case len(text) > MaxHook:
		return nil, fmt.Errorf("longer than %d bytes", MaxHook)
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return nil, errors.New("not a text, so a package's script cannot contain it")
	}
	return text, nil
}

// sourceHook reads a script of a source; dkms puts the source's directory before its name, even an absolute one.
func sourceHook(source *os.Root, script string) ([]byte, error) {
	name := strings.TrimLeft(script, "/")
	if err := checkScript(source, name); err != nil {
		return nil, err
	}
	return foreign.ReadText(source, name, MaxHook)
}

// checkScript gives errNoHook where a path is no executable file.
func checkScript(root *os.Root, name string) error {
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Mode()&0o111 == 0) {
		return errNoHook
	}
	return err
}

func (b *dkmsBuild) passOver(directive, script string) {
	b.Warn("%s names %s, which is not an executable file; it is skipped, as dkms does", directive, script)
}
