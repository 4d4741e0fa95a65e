package main

import (
	"strings"

	"mago/cmd/mago/internal/engine"
)

// printConfKernel shows which kernel all is said of, for those who have chosen one.
func printConfKernel(s *engine.ShownConf, field func(name, value string)) {
	if s != nil {
		field("For kernel", s.Kernel)
	}
}

// printConf shows what is known; nil has nothing.
func printConf(s *engine.ShownConf, field func(name, value string)) {
	if s == nil {
		return
	}
	field("dkms.conf", s.Error)
	field("Builds", strings.Join(s.Modules, ", "))
	for _, e := range s.Excluded {
		field("Excluded", e.Module+": "+e.Reason)
	}
	field("Only for", strings.Join(s.Rules, ", "))
	field("Built after", strings.Join(s.BuildDepends, ", "))
	for _, script := range s.Scripts {
		field("Runs as root", script)
	}
	for _, warning := range s.Warnings {
		field("Warning", warning)
	}
}
