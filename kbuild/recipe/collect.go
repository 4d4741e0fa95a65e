package recipe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mago/debpkg/codec"
	"mago/kbuild/dkms"
	"mago/kbuild/sandbox"
)

// collect finds the modules that a dkms.conf promises.
func (b *dkmsBuild) collect(ctx context.Context, modules []dkms.Module) ([]Built, error) {
	var built []Built
	for _, m := range modules {
		file, err := b.find(ctx, m)
		if err == nil && compression(file) != "" {
			err = b.decompress(ctx, file)
		}
		if err != nil {
			return nil, err
		}
		built = append(built, Built{uncompressed(file), m.Dest, m.Strip})
	}
	return built, nil
}

// find is the file of a module, compressed or not: where the dkms.conf promises it, or else the only one of that name.
func (b *dkmsBuild) find(ctx context.Context, m dkms.Module) (string, error) {
	promised, inSource := b.promised(m)
	if file := cmp.Or(b.behind(promised), b.behind(inSource)); file != "" {
		return file, nil
	}
	all, err := modulesMade(ctx, b.Workspace, b.build)
	if ctx.Err() != nil {
		return "", err // else what cannot be walked through has no module
	}
	named := slices.DeleteFunc(slices.Clone(all), func(file string) bool { return uncompressed(path.Base(file)) != m.Name+".ko" })
	if named, err = b.distinct(ctx, named); err != nil {
		return "", err
	}
	if len(named) != 1 {
		return "", b.unkept(promised, named, all)
	}
	if uncompressed(named[0]) != promised {
		b.Warn("dkms.conf names %s; the build has made %s, which is taken", b.shown(promised), b.shown(named[0]))
	}
	return named[0], nil
}

// promised is a module's place below the build directory. BUILT_MODULE_LOCATION may be one of dkms's absolute paths there; where
// it is one in the source, which some recipes build in, that is the second.
func (b *dkmsBuild) promised(m dkms.Module) (file, inSource string) {
	name, version, base := b.conf.Name, b.conf.Version, b.conf.Name+"-"+b.conf.Version
	source := sourceDir(name, version)
	below := func(dirs ...string) (rest string, ok bool) {
		for _, dir := range dirs {
			if rest, ok := strings.CutPrefix(path.Clean(m.Location)+"/", dir+"/"); ok {
				return filepath.Join(rest, m.Name+".ko"), true
			}
		}
		return "", false
	}
	if rest, ok := below(b.Inside(b.build), filepath.Join(sandbox.WorkDir, b.build)); ok {
		return filepath.Join(b.build, rest), ""
	}
	if rest, ok := below(b.Inside(source), filepath.Join(sandbox.WorkDir, source), filepath.Join(b.sources(), base), filepath.Join(usrSrc, base)); ok {
		return filepath.Join(b.build, rest), filepath.Join(source, rest)
	}
	return filepath.Join(b.build, m.Location, m.Name+".ko"), ""
}

// behind is a module's file in the workspace, or the one that a link in its place names; "" for none.
func (b *dkmsBuild) behind(file string) string {
	if target, err := b.files.Readlink(file); err == nil {
		if !path.IsAbs(target) {
			target = path.Join(b.Inside(path.Dir(file)), target)
		}
		file = strings.TrimPrefix(target, b.Inside("")+"/")
	}
	if info, err := b.files.Lstat(file); err != nil || !info.Mode().IsRegular() || !isModule(file) {
		return ""
	}
	return file
}

// distinct leaves out what has the same bytes as another file, and compressed files beside one that is not.
func (b *dkmsBuild) distinct(ctx context.Context, files []string) (kept []string, err error) {
	for _, file := range files {
		if uncompressed(file) != file && slices.Contains(files, uncompressed(file)) {
			continue
		}
		same := false
		for _, other := range kept {
			if same, err = sameBytes(ctx, b.Workspace, file, other); same || err != nil {
				break
			}
		}
		if err != nil {
			return nil, err
		}
		if !same {
			kept = append(kept, file)
		}
	}
	return kept, nil
}

// unkept says that a promised module is not there, and what there is instead.
func (b *dkmsBuild) unkept(promised string, named, all []string) error {
	text := fmt.Sprintf("it names %s, which the build did not make", b.shown(promised))
	switch {
	case len(named) > 1:
		text += fmt.Sprintf("; of that name it made %s", b.shown(named...))
	case len(all) > 0:
		text += fmt.Sprintf("; it made %s", b.shown(all...))
	case b.earlier.count > 0:
		return &Error{confFile, nothingMade(fmt.Sprintf("%s; finished modules in the source are somebody's earlier build, and not taken: %s", text, b.earlier))}
	default:
		return &Error{confFile, nothingMade(text)}
	}
	return &Error{confFile, errors.New(text)}
}

// shown are files as they are called from the build directory.
func (b *dkmsBuild) shown(files ...string) string {
	var names someNames
	for _, file := range files {
		names.add(strings.TrimPrefix(file, b.build+"/"))
	}
	return names.String()
}

// modulesMade lists what is named as a module, compressed or not, below a directory of a build.
func modulesMade(ctx context.Context, w *Workspace, dir string) (files []string, err error) {
	err = w.Walk(ctx, dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !isModule(file) {
			return err
		}
		if len(files) == MaxModules {
			return &codec.LimitError{What: "modules", Max: MaxModules}
		}
		files = append(files, file)
		return nil
	})
	return files, err
}
