package sweep

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"mago/catalog"
)

// unitKey is a module for a kernel.
type unitKey struct{ Module, Kernel string }

// checkForetold compares what mago check said, as --json has it, with the tables. Several outputs may follow one another: of two
// packages of one module, which no command takes together, the second answer is the second's. An answer that follows "lacking" takes
// its place.
func checkForetold(tables, said string, out io.Writer) error {
	text, err := os.ReadFile(tables)
	if err != nil {
		return err
	}
	events, err := os.Open(said)
	if err != nil {
		return err
	}
	defer events.Close()
	told, err := readForetold(events)
	if err != nil {
		return fmt.Errorf("%s: %w", said, err)
	}
	return compareForetold(string(text), told, out)
}

// readForetold gives the results of units, in the words of the tables.
func readForetold(events io.Reader) (map[unitKey][]string, error) {
	told := map[unitKey][]string{}
	lines := bufio.NewScanner(events)
	lines.Buffer(nil, outputLimit)
	for lines.Scan() {
		var e struct {
			Event, State string
			Unit         unitKey
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, err
		}
		if e.Event != "result" {
			continue
		}
		switch e.State {
		case "there", "fits":
			e.State = built
		case "excluded":
			e.State = notMeant
		}
		answers := told[e.Unit]
		if last := len(answers) - 1; last >= 0 && answers[last] == "lacking" {
			answers = answers[:last]
		}
		told[e.Unit] = append(answers, e.State)
	}
	return told, lines.Err()
}

// compareForetold prints each package that came out otherwise, and a line that counts. The error says that some did, or that nothing
// could be compared.
func compareForetold(tables string, told map[unitKey][]string, out io.Writer) error {
	kernel, same, other, untold := "", map[string]int{}, 0, 0
	asked := map[string]bool{}
	for unit := range told {
		asked[unit.Kernel] = true
	}
	for line := range strings.Lines(tables) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			kernel, _, _ = strings.Cut(title, " ")
		}
		cells := strings.Split(line, " | ")
		if !asked[kernel] || len(cells) < 4 || strings.HasPrefix(line, "| package ") {
			continue
		}
		pkg := strings.TrimPrefix(cells[0], "| ")
		swept, _, _ := strings.Cut(cells[3], ":")
		unit := unitKey{catalog.ModuleName(pkg), kernel}
		switch answers := told[unit]; {
		case len(answers) == 0:
			untold++
		case answers[0] != swept:
			other++
			fmt.Fprintf(out, "%s for %s: the table says %s, check said %s\n", pkg, kernel, swept, answers[0])
			told[unit] = answers[1:]
		default:
			same[swept]++
			told[unit] = answers[1:]
		}
	}
	fmt.Fprintf(out, "foretold as in the tables: %d built, %d failed, %d not meant; otherwise: %d; not checked: %d\n", same[built], same[failed], same[notMeant], other, untold)
	if other > 0 || len(same) == 0 {
		return fmt.Errorf("what check foretold is not what the tables have")
	}
	return nil
}
