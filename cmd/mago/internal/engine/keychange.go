package engine

import (
	"fmt"
	"maps"
	"slices"

	"mago/cmd/mago/internal/store"
)

// changed says in which input what a unit is to be built from differs from what a build had, "" where it does not.
func changed(now, had []store.Input) string {
	for _, role := range roles {
		now, had := byName(now, role), byName(had, role)
		for _, name := range slices.Sorted(maps.Keys(now)) {
			if old, ok := had[name]; now[name] != old {
				return changedInput(now[name], old, ok)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(had)) {
			if _, ok := now[name]; !ok {
				return goneInput(had[name])
			}
		}
	}
	return ""
}

// byName are the inputs of a role.
func byName(inputs []store.Input, role string) map[string]store.Input {
	named := map[string]store.Input{}
	for _, in := range inputs {
		if in.Role == role {
			named[in.Name] = in
		}
	}
	return named
}

// changedInput says how an input differs from the one of that name that a build had; had tells whether it had one.
func changedInput(now, old store.Input, had bool) string {
	switch {
	case now.Role == asSource:
		return "the source is another than that of what is built"
	case now.Role == asKernel:
		return "the headers of " + now.Name + " are others than the build had"
	case had && now.Role == asSignature:
		return "it is to be signed with another certificate: " + now.Version
	case now.Role == asSignature:
		return "it is to be signed with the certificate " + now.Version
	case had && now.Version != old.Version:
		return fmt.Sprintf("%s is %s, the build used %s", now.Name, now.Version, old.Version)
	case had && now.Role == asSettings:
		return now.Name + " has changed since"
	case had:
		return now.Name + " is another than the build used"
	case now.Role == asOption:
		return fmt.Sprintf("%s is %s, the build had none", now.Name, now.Version)
	}
	return fmt.Sprintf("the build had no %s", now.Name)
}

func goneInput(old store.Input) string {
	switch old.Role {
	case asSettings:
		return old.Name + " is gone"
	case asSignature:
		return "it is signed with the certificate " + old.Version + ", and is to have no signature"
	case asOption:
		return fmt.Sprintf("the build had %s %s, and now there is none", old.Name, old.Version)
	}
	return "the build used " + old.Name
}
