package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mago/cmd/mago/internal/engine"
)

// fieldsOf are the fields that each kind of event may have beside event and unit, as the manual has them.
var fieldsOf = map[engine.Kind][]string{
	engine.Note:     {"phase", "text", "bytes", "state"},
	engine.Advice:   {"phase", "text"},
	engine.Begin:    {"phase", "text", "step"},
	engine.Progress: {"phase", "text", "step", "percent", "stage", "files", "of_files"},
	engine.End:      {"phase", "text", "step", "seconds", "bytes"},
	engine.Failed:   {"text"},
	engine.Warning:  {"text"},
	engine.Whole:    {"done", "units", "left"},
	engine.Finished: {"text", "state", "seconds", "deb"},
	engine.Result:   {"text", "state", "seconds", "deb"},
}

// TestEventSchema: what a run of several units prints with --json is as the manual says; its last objects are the units' results.
func TestEventSchema(t *testing.T) {
	w := crowd(t)
	var out, complaints bytes.Buffer
	code := runOn(context.Background(), engine.Machine{AsRoot: true, Run: (&machine{t: t}).run}, []string{"--root=" + w.root, "-l", runningKernel + "," + newKernel, "a-b", "--json", "upper", "broken"}, &out, &complaints)
	if code != exitBuild {
		t.Errorf("exit code %d, %s", code, complaints.String())
	}
	var kinds []string
	results := map[string]int{}
	for line := range strings.Lines(out.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		kind, _ := e["event"].(string)
		allowed, known := fieldsOf[engine.Kind(kind)]
		for name := range e {
			if !known || name != "event" && name != "unit" && !slices.Contains(allowed, name) {
				t.Errorf("%s is not in %s", name, line)
			}
		}
		if kinds = append(kinds, kind); kind == string(engine.Result) {
			results[fmt.Sprint(e["unit"], e["state"])]++
		}
	}
	want := map[string]int{}
	for _, kernel := range []string{runningKernel, newKernel} {
		for module, state := range map[string]string{"upper": "built", "lower": "built", "broken": "failed"} {
			want[fmt.Sprintf("map[kernel:%s module:%s]%s", kernel, module, state)] = 1
		}
	}
	if !reflect.DeepEqual(results, want) || slices.Index(kinds, string(engine.Result)) != len(kinds)-len(want) {
		t.Errorf("results %v among %v", results, kinds)
	}
	for _, kind := range []engine.Kind{engine.Note, engine.Begin, engine.Progress, engine.End, engine.Failed, engine.Whole, engine.Finished} {
		if !slices.Contains(kinds, string(kind)) {
			t.Errorf("no %s among %v", kind, kinds)
		}
	}
}

// TestEventsInManual: the manual names each kind, each field and each state that there is, and no other.
func TestEventsInManual(t *testing.T) {
	manual, err := os.ReadFile("mago.8.tmpl")
	code, err2 := os.ReadFile("internal/engine/event.go")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	_, events, _ := strings.Cut(string(manual), ".SH EVENTS\n")
	events, _, _ = strings.Cut(events, "\n.SH ")
	told := map[string]string{} // what is said of a field
	for item := range strings.SplitSeq(events, "\n.TP\n") {
		names, text, _ := strings.Cut(item, "\n")
		for _, name := range bold(names) {
			told[name] = text
		}
	}
	var fields, kinds []string
	for field := range reflect.TypeFor[engine.Event]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "-" {
			fields = append(fields, name)
		}
	}
	for _, m := range regexp.MustCompile(`Kind += "([a-z]+)"`).FindAllStringSubmatch(string(code), -1) {
		kinds = append(kinds, m[1])
	}
	without := func(words []string) []string {
		return slices.DeleteFunc(words, func(word string) bool { return slices.Contains(fields, word) || word == string(engine.Result) })
	}
	for what, both := range map[string][2][]string{
		"fields": {slices.Collect(maps.Keys(told)), fields},
		"kinds":  {append(without(bold(told["event"])), string(engine.Result)), kinds},
		"states": {without(bold(told["state"])), slices.Clone(engine.States)},
	} {
		for _, words := range both {
			slices.Sort(words)
		}
		if manual, code := slices.Compact(both[0]), both[1]; !slices.Equal(manual, code) {
			t.Errorf("%s: the manual has %v, the code %v", what, manual, code)
		}
	}
	for kind, allowed := range fieldsOf {
		if !slices.Contains(kinds, string(kind)) || slices.ContainsFunc(allowed, func(f string) bool { return !slices.Contains(fields, f) }) {
			t.Errorf("%s and its %v are not what there is", kind, allowed)
		}
	}
	if len(fieldsOf) != len(kinds) {
		t.Errorf("%d kinds have fields, of %d", len(fieldsOf), len(kinds))
	}
}

// bold are the words that a text of the manual has in bold, those that mean something in it.
func bold(text string) (words []string) {
	for _, m := range regexp.MustCompile(`\\fB([a-z_]+)\\fR`).FindAllStringSubmatch(text, -1) {
		words = append(words, m[1])
	}
	return words
}
