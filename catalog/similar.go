package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// maxSimilar is how many names a NotFoundError suggests.
const maxSimilar = 5

// similar returns the module names near to an unknown one: those that begin with it or contain it, those that it begins with,
// and those a few typing errors away.
func (ix *Index) similar(name string) []string {
	type suggestion struct {
		name string
		rank int
	}
	var near []suggestion
	stem := ModuleName(name)
	for _, m := range ix.Modules {
		if rank, ok := nearness(stem, m.Name); ok {
			near = append(near, suggestion{m.Name, rank})
		}
	}
	slices.SortStableFunc(near, func(a, b suggestion) int { return cmp.Compare(a.rank, b.rank) })
	var names []string
	for _, s := range near[:min(len(near), maxSimilar)] {
		names = append(names, s.name)
	}
	return names
}

// nearness ranks a module's name for a word, 0 being nearest, and reports whether to suggest it.
func nearness(asked, name string) (rank int, ok bool) {
	distance := editDistance(asked, name)
	switch {
	case distance <= max(1, len(asked)/3):
		return distance, true
	case len(asked) < 2:
		return 0, false
	case strings.HasPrefix(name, asked), strings.HasPrefix(asked, name):
		return len(asked), true
	case strings.Contains(name, asked), strings.Contains(asked, name):
		return len(asked) + 1, true
	}
	return 0, false
}

// editDistance is Levenshtein's distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
