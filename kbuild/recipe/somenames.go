package recipe

import (
	"fmt"
	"strings"
)

// mostNames are as many as somebody reads in one line.
const mostNames = 12

// someNames are the first of any number of names, and how many there are.
type someNames struct {
	first []string
	count int
}

func (n *someNames) add(name string) {
	if n.count++; n.count <= mostNames {
		n.first = append(n.first, name)
	}
}

func (n someNames) String() string {
	text := strings.Join(n.first, ", ")
	if n.count > mostNames {
		text += fmt.Sprintf(" and %d more", n.count-mostNames)
	}
	return text
}
