package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"mago/cmd/mago/internal/store"
	"mago/kbuild"
	"mago/kbuild/recipe"
)

// proven is what a good build's modules are known by. It lies beside the build's record, so that they are compared with other
// kernels while their package stays closed.
type proven struct {
	SHA256  string          `json:"sha256"` // of the package that they are in
	Shape   string          `json:"shape"`  // of the kernel that they were built for
	Recipe  string          `json:"recipe"` // see shapeOf
	Modules []kbuild.Module `json:"modules"`
}

// stageProven keeps that of a build that is through. A package that holds more of the source than modules is its kernel's alone,
// and nothing is kept of it.
func (bu *builder) stageProven(ctx context.Context, u unit, r *store.Record, result *kbuild.Result) error {
	if result.Package != nil || len(result.Hooks) > 0 {
		return bu.store.StageProven(r.ID(), nil)
	}
	p := proven{SHA256: r.SHA256, Modules: slices.Clone(result.Modules)}
	for i := range p.Modules {
		p.Modules[i].File = ""
	}
	var err error
	if p.Shape, err = u.Kernel.Shape(); err != nil {
		return err
	}
	if p.Recipe, err = bu.donors.shapeOf(ctx, u); err != nil {
		return bu.store.StageProven(r.ID(), nil) // what keeps it from being compared, has not kept it from being built
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return bu.store.StageProven(r.ID(), text)
}

// resignedProven is that of the same modules in another package, where other ones of them are signed; nil where it cannot be read.
func resignedProven(text []byte, sum string, modules []kbuild.Module) []byte {
	var p proven
	if json.Unmarshal(text, &p) != nil {
		return nil
	}
	p.SHA256 = sum
	for i, m := range p.Modules {
		at := slices.IndexFunc(modules, func(now kbuild.Module) bool { return now.Path == m.Path })
		p.Modules[i].Signed = at >= 0 && modules[at].Signed
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	return text
}

// provenOf reads that of a record; false where there is none.
func (dn *donors) provenOf(r store.Record) (p proven, ok bool) {
	text, err := dn.store.Proven(r.ID())
	return p, err == nil && json.Unmarshal(text, &p) == nil && p.SHA256 == r.SHA256 && len(p.Modules) > 0
}

// shapeOf is the SHA-256, in hexadecimal digits, over what a unit's recipe says beside its kernel's name: the file's own
// directives, which modules they are for this kernel, and the administrator's settings, dkms's and mago's.
func (dn *donors) shapeOf(ctx context.Context, u unit) (string, error) {
	file, err := recipe.File(u.source())
	if err != nil {
		return "", err
	}
	shape := sha256.New()
	add := func(text string) { fmt.Fprintf(shape, "%q\n", strings.ReplaceAll(text, u.Kernel.Release, "\x00")) }
	add(file)
	if own := dn.Of(u.name); len(own.MakeArguments)+len(own.Variables) > 0 {
		add(fmt.Sprintf("%q %q", own.MakeArguments, own.Variables))
	}
	e := dn.confs.evaluate(ctx, u.target, u.Kernel)
	if e.err != nil {
		return "", e.err
	}
	if e.conf == nil {
		return hex.EncodeToString(shape.Sum(nil)), nil
	}
	text, err := e.conf.Encode()
	if err != nil {
		return "", err
	}
	add(string(text))
	modules, _ := e.conf.For(dkmsKernel(u.Kernel))
	add(fmt.Sprint(modules))
	settings, err := recipe.Settings(dn.Root, e.conf, u.Kernel)
	if err != nil {
		return "", err
	}
	for _, path := range slices.Sorted(maps.Keys(settings)) {
		sum, _, err := store.SHA256(os.Open(settings[path]))
		if err != nil {
			return "", err
		}
		add(path + " " + sum)
	}
	return hex.EncodeToString(shape.Sum(nil)), nil
}
