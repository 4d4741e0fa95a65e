package kbuild

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mago/kbuild/proof"
	"mago/kbuild/recipe"
)

// builtExports is what the modules of this build export: by their own ELF files, since a Module.symvers may be an older
// one that came with the source. Lines of the build's own ones are joined to what they are true of.
func (s *finishing) builtExports(ctx context.Context, taken []takenModule) proof.Exports {
	exports := proof.Exports{}
	for _, m := range taken {
		for symbol, crc := range m.facts.Gives {
			exports[symbol] = proof.Export{CRC: crc, Module: fileName(m.Built)}
		}
	}
	if len(exports) == 0 {
		return exports
	}
	for _, file := range s.symversFiles(ctx) {
		listed, err := symvers{}.read(s.Open(ctx, file))
		if err != nil {
			continue
		}
		for symbol, export := range listed {
			if known, ok := exports[symbol]; ok && known.Module == export.Module && (known.CRC == export.CRC || known.CRC == 0) {
				exports[symbol] = export
			}
		}
	}
	return exports
}

// fileName is what modpost calls a module, which may be installed as another.
func fileName(b recipe.Built) string { return strings.TrimSuffix(path.Base(b.File), ".ko") }

// symversFilesLimit is far above the directories that a source has modules in.
const symversFilesLimit = 256

// symversFiles finds every Module.symvers of the build. A directory that cannot be read has none.
func (s *finishing) symversFiles(ctx context.Context) []string {
	var files []string
	_ = s.Walk(ctx, ".", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == recipe.SymversFile && entry.Type().IsRegular() {
			files = append(files, file)
		}
		if len(files) == symversFilesLimit {
			return fs.SkipAll
		}
		return nil
	})
	return files
}

// writeSymvers writes what other modules may be built against, and gives the file's path: "" where no module of this
// build exports anything that modpost has listed.
func (s *finishing) writeSymvers(exports proof.Exports) (string, error) {
	var lines []string
	for _, export := range exports {
		if export.Line != "" {
			lines = append(lines, export.Line+"\n")
		}
	}
	if len(lines) == 0 {
		return "", nil
	}
	slices.SortFunc(lines, func(a, b string) int {
		return strings.Compare(a[strings.IndexByte(a, '\t'):], b[strings.IndexByte(b, '\t'):])
	})
	file := filepath.Join(s.Job.Work, finished, recipe.SymversFile)
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = out.WriteString(strings.Join(lines, ""))
	return file, errors.Join(err, out.Close())
}
