package main

import (
	"encoding"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mago/cmd/mago/internal/config"
	"mago/cmd/mago/internal/engine"
	"mago/cmd/mago/internal/keyring"
)

// shownAsJSON are the kinds of objects that commands print with --json.
var shownAsJSON = []reflect.Type{
	reflect.TypeFor[engine.Listed](), reflect.TypeFor[shownJSON](), reflect.TypeFor[engine.State](), reflect.TypeFor[config.Setting](),
	reflect.TypeFor[mistakeJSON](), reflect.TypeFor[keyring.Report](), reflect.TypeFor[engine.Event](),
}

// TestJSONNames: each field that --json prints has a name of its own, in small letters, however deep it lies.
func TestJSONNames(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, kind := range shownAsJSON {
		checkJSONNames(t, kind, seen)
	}
	if len(seen) < 2*len(shownAsJSON) {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

// TestJSONInManual: the manual tells each field of the objects that commands print, and no other.
func TestJSONInManual(t *testing.T) {
	manual, err := os.ReadFile("mago.8.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, all, _ := strings.Cut(string(manual), ".SH JSON\n")
	all, _, _ = strings.Cut(all, "\n.SH ")
	for title, kind := range map[string]reflect.Type{
		"list, search, show": reflect.TypeFor[shownJSON](), "status": reflect.TypeFor[engine.State](),
		"config": reflect.TypeFor[config.Setting](), `config \-\-check`: reflect.TypeFor[mistakeJSON](),
	} {
		_, section, _ := strings.Cut(all, ".SS "+title+"\n")
		section, _, _ = strings.Cut(section, "\n.SS ")
		var told []string
		for item := range strings.SplitSeq(section, "\n.TP\n") {
			names, _, _ := strings.Cut(item, "\n")
			told = append(told, bold(names)...)
		}
		want := namesOf(kind)
		slices.Sort(told)
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Errorf("%s: the manual has %v, the code %v", title, told, want)
		}
	}
}

// namesOf are the names of a type's fields in JSON, with those of the types that it embeds.
func namesOf(kind reflect.Type) (all []string) {
	for field := range kind.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			all = append(all, namesOf(field.Type)...)
		case name != "-":
			all = append(all, name)
		}
	}
	return all
}

var jsonName = regexp.MustCompile(`^(?:-|[a-z][a-z0-9_]*(?:,omitempty|,omitzero)?)$`)

func checkJSONNames(t *testing.T, kind reflect.Type, seen map[reflect.Type]bool) {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		checkJSONNames(t, kind.Elem(), seen)
		return
	case reflect.Struct:
	default:
		return
	}
	if seen[kind] || writesItself(kind) {
		return
	}
	seen[kind] = true
	for field := range kind.Fields() {
		name := field.Tag.Get("json")
		switch {
		case !field.IsExported() && !field.Anonymous, name == "-":
			continue
		case field.Anonymous && name == "":
		case !jsonName.MatchString(name):
			t.Errorf("%s.%s is called %q", kind, field.Name, name)
		}
		checkJSONNames(t, field.Type, seen)
	}
}

// writesItself reports whether a type has a form of its own in JSON.
func writesItself(kind reflect.Type) bool {
	pointer := reflect.PointerTo(kind)
	return pointer.Implements(reflect.TypeFor[json.Marshaler]()) || pointer.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}
