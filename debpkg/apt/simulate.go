package apt

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"mago/debpkg/word"
)

// Transaction is what one run of apt-get install would do, in apt's order.
type Transaction struct {
	Install []Change // packages that are not installed
	Upgrade []Change // packages that get another version, or the same one again
	Remove  []Change
}

// Change is what happens to one package. Old is the zero value where it is not installed, New where it is removed.
type Change struct {
	Package  word.Target // without a version
	Old, New word.Version
}

// Incoming gives the names of all packages that would be unpacked.
func (t Transaction) Incoming() []string {
	var names []string
	for _, c := range slices.Concat(t.Install, t.Upgrade) {
		names = append(names, c.Package.Name.String())
	}
	return names
}

// Brings reports whether a package would be unpacked.
func (t Transaction) Brings(name word.Package) bool {
	return slices.ContainsFunc(slices.Concat(t.Install, t.Upgrade), func(c Change) bool { return c.Package.Name == name && c.Package.Architecture.IsZero() })
}

// Simulate asks apt-get what installing packages would do to the system, which stays as it is. It takes no lock, runs with
// DryRun too, and needs no root. It fails with *ToolError where apt-get would not begin.
func (in *Installer) Simulate(ctx context.Context, how InstallOptions, packages []word.Target) (Transaction, error) {
	text, err := in.ask(ctx, "--simulate", how, packages)
	if err != nil {
		return Transaction{}, err
	}
	return parseSimulation(text)
}

// SimulateUpgrade asks apt-get what its full-upgrade would do to the system. Like Simulate it changes nothing and needs no root.
func (in *Installer) SimulateUpgrade(ctx context.Context) (Transaction, error) {
	args := []string{"--simulate", "-o", "Debug::NoLocking=true", "-q", "dist-upgrade"}
	text, err := in.query(ctx, "apt-get", GetArgs(in.Unauthenticated, args)...)
	if err != nil {
		return Transaction{}, in.hindered(err)
	}
	return parseSimulation(text)
}

// tellForeseen tells what comes and takes what; where apt-get does not say that, the sizes are 0.
func (in *Installer) tellForeseen(ctx context.Context, how InstallOptions, packages []word.Target, coming Transaction) error {
	if in.Foreseen == nil {
		return nil
	}
	cost, err := in.Cost(ctx, how, packages)
	if ctx.Err() != nil {
		return err
	}
	in.Foreseen(packages, coming, cost)
	return nil
}

// Cost is what a transaction takes, in bytes.
type Cost struct {
	Download int64 // not counting what apt has in its cache
	Disk     int64 // as apt rounds it; negative where space is freed
}

// Cost asks apt-get what installing packages would take. Like Simulate it changes nothing.
func (in *Installer) Cost(ctx context.Context, how InstallOptions, packages []word.Target) (Cost, error) {
	text, err := in.ask(ctx, "--print-uris", how, packages)
	if err != nil {
		return Cost{}, err
	}
	return parseCost(text), nil
}

// ask runs apt-get install in one of its modes that change nothing. There --assume-no is not one: apt.conf(5) can overrule it.
func (in *Installer) ask(ctx context.Context, mode string, how InstallOptions, packages []word.Target) (string, error) {
	return in.query(ctx, "apt-get", in.aptInstall(how, packages, mode, "-o", "Debug::NoLocking=true")...)
}

// simulated matches apt-get's lines: "Inst name [old] (new origin [architecture])" and "Remv name [old]".
var simulated = regexp.MustCompile(`^(Inst|Remv|Purg) ([^\s:]+)(?::(\S+))?(?: \[(\S+)\])?(?: \((\S+)[ )].*)?`)

// parseSimulation refuses a line that it cannot read, so that nothing comes or goes unseen.
func parseSimulation(text string) (Transaction, error) {
	var t Transaction
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		verb, _, _ := strings.Cut(line, " ")
		if verb != "Inst" && verb != "Remv" && verb != "Purg" {
			continue
		}
		c, err := parseChange(line)
		switch {
		case err != nil:
			return Transaction{}, fmt.Errorf("read apt-get's simulation: %q: %w", line, err)
		case verb != "Inst":
			t.Remove = append(t.Remove, c)
		case c.Old.IsZero():
			t.Install = append(t.Install, c)
		default:
			t.Upgrade = append(t.Upgrade, c)
		}
	}
	return t, nil
}

func parseChange(line string) (c Change, err error) {
	m := simulated.FindStringSubmatch(line)
	if m == nil || (m[1] == "Inst") == (m[5] == "") {
		return c, errors.New("not of a known form")
	}
	if c.Package.Name, err = word.ParsePackage(m[2]); err != nil {
		return c, err
	}
	if m[3] != "" {
		if c.Package.Architecture, err = word.ParseArchitecture(m[3]); err != nil {
			return c, err
		}
	}
	return c, errors.Join(c.Old.UnmarshalText([]byte(m[4])), c.New.UnmarshalText([]byte(m[5])))
}

var (
	printedURI = regexp.MustCompile(`(?m)^'\S+' \S+ (\d+) `)
	diskSpace  = regexp.MustCompile(`(?m)^After this operation, ([0-9.,]+) ([kMGT]?)B (?:of additional disk space will be (used)|disk space will be freed)`)
)

func parseCost(text string) Cost {
	var cost Cost
	for _, m := range printedURI.FindAllStringSubmatch(text, -1) {
		bytes, _ := strconv.ParseInt(m[1], 10, 64) // digits; too many of them are no size
		cost.Download += bytes
	}
	m := diskSpace.FindStringSubmatch(text)
	if m == nil {
		return cost
	}
	number, _ := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
	for range strings.Index(" kMGT", m[2]) { // "" is at 0
		number *= 1000
	}
	if m[3] == "" {
		number = -number
	}
	cost.Disk = int64(number)
	return cost
}
