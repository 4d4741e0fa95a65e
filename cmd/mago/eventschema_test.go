package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
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

// TestEventsInManual: the manual names each kind, each field and each state.
func TestEventsInManual(t *testing.T) {
	text, err := os.ReadFile("mago.8.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	_, events, _ := strings.Cut(string(text), ".SH EVENTS\n")
	words := slices.Clone(states)
	for kind, fields := range fieldsOf {
		words = append(words, string(kind))
		words = append(words, fields...)
	}
	for _, word := range words {
		if !strings.Contains(events, `\fB`+word+`\fR`) {
			t.Errorf("no %s in EVENTS", word)
		}
	}
	for field := range reflect.TypeFor[engine.Event]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "-" && !strings.Contains(events, `\fB`+name+`\fR`) {
			t.Errorf("no field %s in EVENTS", name)
		}
	}
}
