package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mago/cmd/mago/internal/modpkg"
	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/debpkg/sbom"
	"mago/kbuild"
	"mago/kbuild/kernel"
)

// resigner has modules signed anew.
type resigner struct{ *builder }

// signAnew has the modules of a unit's last build signed as this run signs; nothing is compiled. made is false in a dry run.
func (rs resigner) signAnew(ctx context.Context, u unit, s situation) (r store.Record, made bool, err error) {
	why := s.otherInput()
	if rs.DryRun {
		rs.say.note("sign", "would sign %s anew: %s", u.packageName(), why)
		return r, false, nil
	}
	rs.say.note("sign", "%s: anew, nothing is compiled: %s", u.Kernel.Release, why)
	how, err := rs.signs.signing(ctx, u.name)
	if err != nil {
		return r, false, err
	}
	r = s.record
	r.Inputs = append(unsignedInputs(r.Inputs), slices.DeleteFunc(s.now.inputs, func(in store.Input) bool { return in.Role != asSignature })...)
	if r.Basis != "" {
		r.Basis = rs.keys.basis(ctx, u)
	}
	resigned := resigning{record: r, kernel: u.Kernel, how: how, by: func(modules []kbuild.Module) *store.Signed { return rs.signs.signed(u.name, modules) }}
	if r, err = rs.resign(ctx, resigned); err == nil {
		err = rs.deliver(ctx, r)
	}
	return r, err == nil, err
}

// resigning is a build whose modules get other signatures, or none.
type resigning struct {
	record store.Record // with the inputs and the basis that it is to have
	kernel kernel.Kernel
	how    kbuild.Signing
	by     func(modules []kbuild.Module) *store.Signed // what they are signed with then
}

// resign writes the package of a build again, whose unit's lock is held, with the same modules under other signatures, and has the
// record name that one. It says what is in the package, and nothing else changes.
func (rs resigner) resign(ctx context.Context, to resigning) (r store.Record, err error) {
	r = to.record
	if !rs.store.IsWhole(r) {
		return r, fmt.Errorf("%s is not whole", r.Deb)
	}
	stage, err := rs.store.MakeStage(r.ID())
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(stage)
	log, err := rs.copyLog(r)
	if err != nil {
		return r, err
	}
	defer rs.store.DropUnfinished(r.ID())
	defer log.Close()
	at := place{work: rs.store.Work(r.ID()), log: log}
	if err := within(at, func() error { return rs.repack(ctx, to, at, &r) }); err != nil {
		return r, fmt.Errorf("sign %s anew: %w", r.Package, err)
	}
	return r, rs.commit(ctx, &r, log)
}

// copyLog begins a log with that of the build.
func (rs resigner) copyLog(r store.Record) (*os.File, error) {
	log, err := rs.store.CreateLog(r.ID())
	if err != nil {
		return nil, err
	}
	had, err := os.Open(r.Log)
	if err != nil {
		return log, nil // somebody has removed it, which keeps nothing from being signed
	}
	defer had.Close()
	info, err := had.Stat()
	if err == nil {
		err = log.Chmod(info.Mode().Perm())
	}
	if err == nil {
		_, err = io.Copy(log, had)
	}
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return log, nil
}

// repack writes the package into the unit's stage, and puts into the record what is new in it.
func (rs resigner) repack(ctx context.Context, to resigning, at place, r *store.Record) error {
	p, modules, err := rs.unpackWhole(r, at.work)
	if err != nil {
		return err
	}
	result := &kbuild.Result{Modules: modules}
	where, err := rs.confs.sandboxOf(ctx, r.Module)
	if err != nil {
		return err
	}
	builder := rs.kbuilder(where, at.client, at.log)
	builder.Signing = to.how
	if err := builder.SignAnew(ctx, kbuild.Job{Kernel: to.kernel, Work: at.work}, result); err != nil {
		return err
	}
	for _, m := range result.Modules {
		i := slices.IndexFunc(p.Files, func(f debpkg.File) bool { return f.Path == m.Path })
		mode := p.Files[i].Mode
		if p.Files[i], err = debpkg.OnDisk(m.Path, m.File); err != nil {
			return err
		}
		p.Files[i].Mode = mode
	}
	r.Compiled, r.Signed = r.Content(), to.by(result.Modules)
	modpkg.Resign(p, signedBy(r.Signed))
	r.Key = store.KeyOf(r.ID(), r.Inputs)
	fmt.Fprintf(at.log, "mago: signed anew\n")
	return rs.stageResigned(r, p, result.Modules)
}

// unpackWhole is a build's package, and its modules, which lie below a directory.
func (rs resigner) unpackWhole(r *store.Record, work string) (p *debpkg.Package, modules []kbuild.Module, err error) {
	deb, err := debpkg.Open(r.Deb)
	if err != nil {
		return nil, nil, err
	}
	defer deb.Close()
	dir := filepath.Join(work, "package")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, nil, err
	}
	if p, err = deb.Package(dir); err != nil {
		return nil, nil, err
	}
	for i, f := range p.Files {
		if !slices.Contains(r.Modules, f.Path) {
			continue
		}
		signed := r.Signed != nil && slices.Contains(r.Signed.Modules, f.Path)
		modules = append(modules, kbuild.Module{Name: moduleIn(f.Path), Path: f.Path, File: filepath.Join(dir, fmt.Sprint(i)), Signed: signed})
	}
	if len(modules) != len(r.Modules) {
		return nil, nil, fmt.Errorf("%s has %d of its %s", r.Deb, len(modules), Plural(len(r.Modules), "module"))
	}
	return p, modules, nil
}

// moduleIn is the name of a finished module's file, without what its compression adds.
func moduleIn(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".ko")
	return name
}

// stageResigned stages all that a good build leaves: the packages, the symbols, what is proven of the modules, and the list of inputs.
func (rs resigner) stageResigned(r *store.Record, p *debpkg.Package, modules []kbuild.Module) (err error) {
	if r.Common != nil {
		if _, err := copyInto(rs.store.Stage(r.ID()), r.Common.Deb); err != nil {
			return err
		}
	}
	private := false
	if info, err := os.Stat(r.Deb); err == nil {
		private = info.Mode().Perm()&0o077 == 0
	}
	staged, err := debpkg.Write(rs.store.Stage(r.ID()), p, debpkg.Options{Compression: modpkg.Compression(p)})
	if err == nil && private {
		err = os.Chmod(staged, 0o600)
	}
	if err != nil {
		return err
	}
	if r.SHA256, r.Size, err = store.SHA256(os.Open(staged)); err != nil {
		return err
	}
	symvers := rs.store.Symvers(r.ID())
	if _, err := os.Stat(symvers); err != nil {
		symvers = ""
	}
	return errors.Join(rs.store.StageSymvers(r.ID(), symvers), rs.restageProven(*r, modules), rs.restageBill(r))
}

// restageProven keeps what is known of modules, but for their signatures and their package.
func (rs resigner) restageProven(r store.Record, modules []kbuild.Module) error {
	text, err := rs.store.Proven(r.ID())
	if err != nil {
		return rs.store.StageProven(r.ID(), nil)
	}
	return rs.store.StageProven(r.ID(), resignedProven(text, r.SHA256, modules))
}

// restageBill keeps the list of what went in, of the package as it is now.
func (rs resigner) restageBill(r *store.Record) error {
	text, err := os.ReadFile(r.SBOM)
	if err == nil {
		text, err = sbom.Repacked(text, r.SHA256)
	}
	if err != nil {
		return err
	}
	r.SBOM, r.SBOMSHA256, err = rs.stageBillText(r.ID(), text)
	return err
}
