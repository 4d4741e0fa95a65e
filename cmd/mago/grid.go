package main

import (
	"slices"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/debpkg/visible"
)

// grid is a table of what has come of modules, for kernels.
type grid struct {
	modules, kernels []string
	states           map[engine.UnitID]string
}

func newGrid(results []engine.UnitResult) *grid {
	g := &grid{states: map[engine.UnitID]string{}}
	for _, r := range results {
		if !slices.Contains(g.modules, r.Unit.Module) {
			g.modules = append(g.modules, r.Unit.Module)
		}
		if !slices.Contains(g.kernels, r.Unit.Kernel) {
			g.kernels = append(g.kernels, r.Unit.Kernel)
		}
		g.states[r.Unit] = r.State
	}
	return g
}

// fewestKernels is how many kernels a table has at least where one for all would be too wide.
const fewestKernels = 3

// text is the table with modules down and kernels across. Where a terminal of that width, unless it is 0, has no room for that, the
// names of the kernels are shortened, or kernels are down; else there are several tables, or a line of words for each module.
func (g *grid) text(width int) string {
	short := shortened(g.kernels)
	for _, rows := range [][][]string{g.rows(g.kernels, g.kernels), g.rows(g.kernels, short), g.turned()} {
		if width == 0 || total(natural(rows)) <= width {
			return plainTable(rows)
		}
	}
	for parts := 2; len(g.kernels) >= parts*fewestKernels; parts++ {
		if text, fit := g.inParts(parts, short, width); fit {
			return text
		}
	}
	return g.inWords(width)
}

// rows has modules down, and those kernels across below their labels.
func (g *grid) rows(kernels, labels []string) [][]string {
	rows := [][]string{append([]string{"MODULE"}, labels...)}
	for _, module := range g.modules {
		row := []string{module}
		for _, kernel := range kernels {
			row = append(row, g.state(module, kernel))
		}
		rows = append(rows, row)
	}
	return rows
}

// turned has kernels down, and modules across.
func (g *grid) turned() [][]string {
	rows := [][]string{append([]string{"KERNEL"}, g.modules...)}
	for _, kernel := range g.kernels {
		row := []string{kernel}
		for _, module := range g.modules {
			row = append(row, g.state(module, kernel))
		}
		rows = append(rows, row)
	}
	return rows
}

func (g *grid) state(module, kernel string) string {
	if state := g.states[engine.UnitID{Module: module, Kernel: kernel}]; state != "" {
		return state
	}
	return "-"
}

func plainTable(rows [][]string) string {
	var text strings.Builder
	for _, row := range rows {
		for i := range row {
			row[i] = visible.Line(row[i])
		}
		writeRow(&text, 0, natural(rows), row)
	}
	return text.String()
}

// inParts has so many tables of about as many kernels each.
func (g *grid) inParts(parts int, labels []string, width int) (text string, fit bool) {
	var tables []string
	for i := range parts {
		from, to := i*len(g.kernels)/parts, (i+1)*len(g.kernels)/parts
		rows := g.rows(g.kernels[from:to], labels[from:to])
		if total(natural(rows)) > width {
			return "", false
		}
		tables = append(tables, plainTable(rows))
	}
	return strings.Join(tables, "\n"), true
}

// inWords has a line for each module.
func (g *grid) inWords(width int) string {
	columns := []column{{title: "MODULE", least: 12, heads: true}, {title: "KERNELS"}}
	rows := [][]string{titles(columns)}
	for _, module := range g.modules {
		rows = append(rows, []string{visible.Line(module), visible.Line(g.words(module))})
	}
	return tableOf(width, columns, rows)
}

// words says what has come of a module: how many kernels have come to what most have, and which have not.
func (g *grid) words(module string) string {
	kernels := map[string][]string{}
	for _, kernel := range g.kernels {
		if state := g.states[engine.UnitID{Module: module, Kernel: kernel}]; state != "" {
			kernels[state] = append(kernels[state], kernel)
		}
	}
	most := slices.MaxFunc(engine.States, func(a, b string) int { return len(kernels[a]) - len(kernels[b]) })
	said := []string{engine.Plural(len(kernels[most]), "kernel") + " " + most}
	for _, state := range engine.States {
		if state != most && len(kernels[state]) > 0 {
			said = append(said, state+": "+engine.InWords(kernels[state], 8))
		}
	}
	return strings.Join(said, "; ")
}

// shortened are kernels without the words at their ends that all have, where that saves anything.
func shortened(kernels []string) []string {
	short := slices.Clone(kernels)
	for {
		end := short[0][max(strings.LastIndexByte(short[0], '-'), 0):]
		if slices.ContainsFunc(short, func(k string) bool { return len(k) <= len(end) || !strings.HasSuffix(k, end) }) || !strings.HasPrefix(end, "-") {
			break
		}
		for i := range short {
			short[i] = strings.TrimSuffix(short[i], end)
		}
	}
	if len(kernels) == 1 || short[0] == kernels[0] {
		return kernels
	}
	for i := range short {
		short[i] += "…"
	}
	return short
}
