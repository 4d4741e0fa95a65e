package engine

import (
	"context"
	"errors"
)

// Where mago has no key, another machine may have signed what is built: whether a unit's kernel loads it is told by its own signatures,
// once it is known whether it serves.

// mayServeSigned reports whether a unit's last build may serve so.
func (p *planner) mayServeSigned(u unit, s situation) bool {
	k, err := p.signs.keyOf(u.name)
	return err == nil && !k.is && !p.signs.signsNone(u.name) && s.recorded && (s.record.Signed != nil || p.signs.isElsewhere(u.name))
}

// checkServes refuses a build that serves and that its kernel does not load, and else what would be built without a key.
func (p *planner) checkServes(ctx context.Context, u unit, s situation) error {
	goal := p.plan.Request.Goal
	if !due(u, goal, s).Build {
		if goal == Built && !p.buildsForHere(u) {
			return nil
		}
		err := p.install.checkBuilt(u, s.record)
		if err == nil || errors.As(err, new(*UnloadableError)) {
			return err
		}
	}
	if err := p.checkSignature(u); err != nil || goal == Built {
		return err
	}
	return p.install.checkLoadable(u, p.install.foreseenModules(ctx, u))
}
