package engine

import (
	"strings"

	"mago/debpkg/visible"
)

// OneLine is an error in one line of bounded length; several that were joined stand one after the other.
func OneLine(err error) string { return visible.Middle(visible.Line(joined(err)), MaxMessage) }

// joined is an error's text with those that errors.Join has put in lines of their own after semicolons.
func joined(err error) string {
	text := err.Error()
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if cause := e.Unwrap(); cause != nil {
			text = strings.Replace(text, cause.Error(), joined(cause), 1)
		}
	case interface{ Unwrap() []error }:
		var all []string
		for _, cause := range e.Unwrap() {
			text = strings.Replace(text, cause.Error(), joined(cause), 1)
			all = append(all, joined(cause))
		}
		if text == strings.Join(all, "\n") {
			text = strings.Join(all, "; ")
		}
	}
	return text
}

// MaxMessage is, in characters, how much of an error is shown.
const MaxMessage = 4000
