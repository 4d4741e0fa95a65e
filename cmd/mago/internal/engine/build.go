package engine

import (
	"context"
	"errors"

	"mago/cmd/mago/internal/store"
	"mago/sources"
)

// forced reports whether -f asks for a module to be made anew; what it merely needs is left as it is.
func (b *base) forced(t target) bool { return b.Force && !t.asNeed }

// build compiles and packages a unit whose lock is held; made is false where it finds its package there.
func (bu *builder) build(ctx context.Context, u unit) (r store.Record, made bool, err error) {
	s := bu.keys.situation(u)
	s.now = bu.keys.now(ctx, u, s.record)
	toBuild := due(u, Built, s).Build
	if u.tree != nil && (toBuild || s.record.Source.SHA256 != u.sourceDigest()) { // a dry run has not fetched it
		if err := bu.claims.checkClaim(u.claim()); err != nil {
			return store.Record{}, false, err
		}
	}
	if !toBuild {
		r := s.record
		bu.say.there("package", "%s is there: nothing to build", bu.shown(r.Deb))
		if bu.DryRun {
			return r, false, nil
		}
		return r, false, errors.Join(bu.store.EndFailure(u.id()), bu.follow(u, r), bu.deliver(ctx, r)) // a failure of what is not asked for any more
	}
	bu.claims.noteTakeover(u)
	if s.onlySignature(u) {
		return resigner{bu}.signAnew(ctx, u, s)
	}
	if from, fits := bu.donors.mayServe(ctx, u); fits {
		return bu.reuse(ctx, u, from)
	}
	if bu.DryRun {
		bu.say.note("build", "would build %s from %s", u.packageName(), u.describe())
		return store.Record{}, false, nil
	}
	if why := s.unbuilt(u); s.recorded && !s.Force && why != "" {
		bu.say.note("build", "anew: %s", why)
	}
	if err := errors.Join(bu.prepare.checkBuildDeps(ctx, u), bu.prepare.checkTools(ctx, u), bu.prepare.checkCompiler(ctx, u.Kernel)); err != nil {
		return store.Record{}, false, err
	}
	release, err := bu.holdSources(ctx, u)
	if err != nil {
		return store.Record{}, false, err
	}
	defer release()
	drop, err := bu.holdHeaders(ctx, u)
	if err != nil {
		return store.Record{}, false, err
	}
	defer drop()
	if !bu.AsItLies {
		if err := u.tree.Check(ctx); err != nil {
			return store.Record{}, false, err
		}
	}
	if isDKMS(u.target) {
		bu.known.ignored.Do(bu.tellIgnored)
	}
	if r, err = bu.buildLocked(ctx, u); err == nil {
		err = bu.deliver(ctx, r)
	}
	return r, err == nil, err
}

// follow has the record of a build that serves for another directory name that one, which is where its module's source is now.
func (bu *builder) follow(u unit, r store.Record) error {
	if !follows(u, r) {
		return nil
	}
	return bu.store.MoveSource(u.id(), u.tree.Dir)
}

// follows reports whether the directory has what was built, and nobody else could change it. What -n lets serve besides does not become
// that directory's.
func follows(u unit, r store.Record) bool {
	return u.tree != nil && r.Source.Origin == string(sources.Directory) && u.tree.Origin == sources.Directory && r.Source.Path != u.tree.Dir &&
		r.Source.Closed && r.Source.SHA256 == u.sourceDigest()
}
