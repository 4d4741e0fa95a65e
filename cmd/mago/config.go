package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"mago/catalog"
	"mago/cmd/mago/internal/config"
	"mago/debpkg/visible"
)

type configCommand struct {
	Module string `arg:"" optional:"" name:"module" help:"A module, for what is in force for it."`
	Check  bool   `help:"Name each mistake in the files by file and line; 2 is the exit code where there is one."`
	jsonOption
}

// Run shows what is in force and where each value comes from. Where there are mistakes it is what the rest of the files says.
func (c *configCommand) Run(a *app, ctx context.Context) error {
	c.apply(a)
	if c.Check {
		return a.checkConfig(ctx, c.JSON)
	}
	settings := a.config.of(catalog.ModuleName(c.Module))
	if c.JSON {
		return cmp.Or(a.printJSON(settings), a.config.Check())
	}
	a.screen.print(configTable(settings, a.screen.out.columns()))
	if names := a.config.Modules(); len(names) > 0 && c.Module == "" {
		a.screen.line("modules with settings of their own: " + strings.Join(names, ", "))
	}
	a.tellClosed()
	return a.config.Check()
}

// The columns in which values and their origins begin.
const (
	valueColumn  = 23
	originColumn = 49
)

// configTable has a row for each setting. An origin that has no room beside its value stands below it, unless width is 0.
func configTable(settings []config.Setting, width int) string {
	rows := []string{configRow("FIELD", "VALUE", "FROM", width)}
	for _, s := range settings {
		rows = append(rows, configRow(s.Field, cmp.Or(visible.Line(s.Value), "-"), visible.Line(s.String()), width))
	}
	return strings.Join(rows, "\n")
}

func configRow(field, value, origin string, width int) string {
	row, column := visible.Pad(field, valueColumn)+value, originColumn
	if width > 0 {
		column = max(min(column, width-visible.Width(origin)), 2)
	}
	beside := max(column, visible.Width(row)+gap)
	if width == 0 || beside+visible.Width(origin) <= width {
		return visible.Pad(row, beside) + origin
	}
	return visible.Wrap(row, width, valueColumn) + "\n" + strings.Repeat(" ", column) + origin
}

// tellClosed names the files that this user may not read.
func (a *app) tellClosed() {
	for _, file := range a.config.Closed {
		a.screen.line(fmt.Sprintf("%s does not count: this user may not read it", file))
	}
}
