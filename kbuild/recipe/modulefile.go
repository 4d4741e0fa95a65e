package recipe

import (
	"context"
	"path"
	"strings"

	"mago/debpkg/word"
	"mago/kbuild/kernel"
)

// decompressors are the programs that undo what the kernel's modules_install, or a Makefile, may do to a .ko file.
var decompressors = map[string]struct{ tool, pkg string }{".xz": {"xz", "xz-utils"}, ".gz": {"gzip", "gzip"}, ".zst": {"zstd", "zstd"}}

// compression is what a module's file name ends in after .ko, "" for one that is not compressed.
func compression(file string) string {
	suffix := path.Ext(file)
	if _, ok := decompressors[suffix]; ok && path.Ext(strings.TrimSuffix(file, suffix)) == ".ko" {
		return suffix
	}
	return ""
}

// uncompressed is the name of a module's file without its compression.
func uncompressed(file string) string { return strings.TrimSuffix(file, compression(file)) }

// isModule reports whether a file is named as a module, compressed or not.
func isModule(file string) bool { return path.Ext(uncompressed(file)) == ".ko" }

// ModuleIn is the name of the module in a .ko file, as modprobe's command line and lists of blank-parted words can hold it.
func ModuleIn(file string) (string, error) {
	name, err := word.ParseModule(strings.TrimSuffix(path.Base(file), ".ko"))
	return name.String(), err
}

// decompress makes a .ko file of a compressed one beside it; the foreign bytes are read in the sandbox.
func (s *steps) decompress(ctx context.Context, file string) error {
	with := decompressors[compression(file)]
	if !kernel.HasTool(s.Root, with.tool) {
		return kernel.NewToolError(with.tool, with.pkg, "the source compresses its modules with it")
	}
	return s.do(ctx, with.tool, with.tool+" -d "+file, with.tool, "-d", "-f", s.Inside(file))
}
