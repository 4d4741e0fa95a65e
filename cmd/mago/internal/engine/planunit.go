package engine

import (
	"context"
	"slices"
	"strings"
)

// unit opens a unit's source, plans what it needs, and finds out what it is to be built from.
func (p *planner) unit(ctx context.Context, u *unit, s *situation) error {
	mayServe := p.mayServeSigned(*u, *s)
	if !mayServe {
		if err := p.checkSignature(*u); err != nil {
			return err
		}
	}
	if err := p.open(ctx, &u.target); err != nil {
		return err
	}
	if (p.forced(u.target) || !p.last.Has(u.id())) && !p.bare && !p.DryRun {
		p.trySandbox(ctx)
	}
	basis := ""
	if p.plan.Request.Goal == Built && s.record.Basis != "" {
		basis = p.keys.basis(ctx, *u)
	}
	evaluated := p.bare || u.Kernel.Headers == "" || basis != "" && s.record.Basis == basis
	if !evaluated {
		if err := p.evaluate(ctx, u, mayServe); err != nil {
			return err
		}
	}
	if err := p.addNeeded(ctx, u); err != nil {
		return err
	}
	switch {
	case p.needsBuilds(*u):
	case isUnchanged(*u, basis, s.record, p.last.Last):
		s.now.key = strings.Clone(s.record.Key) // which is a part of the record's whole text
	default:
		s.record, s.recorded = p.store.Get(u.id()) // with its inputs
		s.now = p.keys.of(ctx, *u, s.record)
	}
	if mayServe {
		return p.checkServes(ctx, *u, *s)
	}
	return nil
}

// open opens a source, unless another kernel's unit has opened it.
func (p *planner) open(ctx context.Context, t *target) error {
	if had, ok, err := p.wasOpened(t.name); err != nil {
		return err
	} else if ok {
		t.tree, t.edited, t.digest, t.closed = had.tree, had.edited, had.digest, had.closed
		return nil
	}
	source := p.modules.openSource
	if p.plan.Request.Here {
		source = p.modules.openHere
	}
	err := source(ctx, t)
	p.lock.Lock()
	defer p.lock.Unlock()
	if err != nil {
		p.unopened[t.name] = err
	} else if t.tree != nil || p.DryRun { // which has told that it would be fetched
		p.plan.opened[t.name] = *t
	}
	return err
}

func (p *planner) wasOpened(name string) (t target, ok bool, err error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	t, ok = p.plan.opened[name]
	return t, ok, p.unopened[name]
}

// evaluate finds out what a unit's dkms.conf tells, and so whether its modules would be loaded, unless that is told of what is built.
func (p *planner) evaluate(ctx context.Context, u *unit, mayServe bool) error {
	if p.plan.Request.Goal == Installed && !mayServe {
		if err := p.install.checkLoadable(*u, p.install.foreseenModules(ctx, *u)); err != nil {
			return err
		}
	}
	return p.modules.addBuildDepends(ctx, u, p.plan.asked)
}

// addNeeded plans the units that one needs.
func (p *planner) addNeeded(ctx context.Context, u *unit) error {
	u.needed = slices.Clone(u.needed) // other kernels' units have the same
	for i, n := range u.needed {
		need := unit{n, u.Kernel}
		need.above = append(slices.Clip(u.above), u.name)
		if err := p.add(ctx, need); err != nil {
			return err
		}
		u.needed[i] = p.plan.Units[p.at[need.id()]].target
	}
	return nil
}

// needsBuilds reports whether a unit is compiled against modules that are to be built before it.
func (p *planner) needsBuilds(u unit) bool {
	return slices.ContainsFunc(u.needed, func(n target) bool {
		need := p.plan.Units[p.at[unit{n, u.Kernel}.id()]]
		return !need.There && need.Due.Build
	})
}
