package engine

import "slices"

// HeldError says that the configuration has a module left alone which somebody names.
type HeldError struct{ Module, Where string }

func (e *HeldError) Error() string { return e.Module + " is held by " + e.Where }

func (e *HeldError) Hint() string {
	return "-f takes it all the same in this run; without that line it is a module like any other"
}

// checkHeld refuses a module that is held, unless the run is forced to take it.
func (o Options) checkHeld(module string) error {
	where := o.Of(module).Held
	if where == "" || o.Force {
		return nil
	}
	return &HeldError{module, where}
}

// leaveHeld takes out of what a word for many means the modules that are held, with a line for each. Force does not bring these back:
// nobody has named them.
func (b *base) leaveHeld(some []target) []target {
	return slices.DeleteFunc(some, func(t target) bool {
		where := b.Of(t.name).Held
		if where != "" {
			b.say.note("held", "%s is left alone: %s", t.name, where)
		}
		return where != ""
	})
}

// checkHeldNeed keeps a unit that only others need from being built where its module is held.
func (p *planner) checkHeldNeed(u unit, planned Unit) error {
	if !u.asNeed || planned.There || !planned.Due.Build {
		return nil
	}
	return p.checkHeld(u.name)
}

// orHeld ends a sentence that says there is no module.
func (o Options) orHeld() string {
	for _, own := range o.Modules {
		if own.Held != "" {
			return " but what is held"
		}
	}
	return ""
}
