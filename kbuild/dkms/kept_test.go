package dkms

import (
	"reflect"
	"strings"
	"testing"

	"mago/debpkg/visible"
)

func TestKept(t *testing.T) {
	c := conf(t, "MAKE[0]=make\t-j", "MAKE[7]=", "PACKAGE_VERSION=#MODULE_VERSION#", "parallel_jobs=3", "MAKE_MATCH[7]=^5")
	c.Version, c.Said, c.Misspelt = "1.0", "word\n", []string{"AUTOINTSALL"}
	text, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(text)
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, c)
	}
	if !strings.Contains(string(text), `"format": 2,`) {
		t.Errorf("no format in %s", text)
	}
}

func TestKeptRefused(t *testing.T) {
	if text, err := conf(t, "MAKE=a\xff").Encode(); err == nil {
		t.Errorf("what is not UTF-8 becomes %s", text)
	}
	for name, text := range map[string]string{
		"format":  `{"format": 1, "name": "a", "version": "1", "directives": {"PACKAGE_NAME": {"0": "a"}, "PACKAGE_VERSION": {"0": "1"}}}`,
		"climbs":  `{"format": 2, "name": "a", "version": "1", "directives": {"PACKAGE_NAME": {"0": "../a"}, "PACKAGE_VERSION": {"0": "1"}}}`,
		"version": `{"format": 2, "name": "a", "version": "../1", "directives": {"PACKAGE_NAME": {"0": "a"}, "PACKAGE_VERSION": {"0": "@V@"}}}`,
		"verdict": `{"format": 2, "name": "a", "version": "1", "directives": {"PACKAGE_NAME": {"0": "a"}, "PACKAGE_VERSION": {"0": "1"}, "MAKE_MATCH": {"0": "b"}}}`,
		"cut":     `{"format": 1, "na`,
	} {
		if c, err := Decode([]byte(text)); err == nil {
			t.Errorf("%s: got %+v", name, c)
		}
	}
}

func TestMoved(t *testing.T) {
	c := conf(t, "MAKE=make M=/var/lib/dkms/hello")
	if got := c.Moved("/var/lib/dkms", "/x").Value("MAKE"); got != "make M=/x/hello" {
		t.Errorf("MAKE is %q", got)
	}
	if got := c.Value("MAKE"); got != "make M=/var/lib/dkms/hello" {
		t.Errorf("the first one's MAKE is %q now", got)
	}
}

func TestPlan(t *testing.T) {
	c := conf(t, "BUILT_MODULE_NAME[0]=a", "BUILT_MODULE_NAME[1]=b", "DEST_MODULE_LOCATION[0]=/extra", "DEST_MODULE_LOCATION[1]=/extra",
		"BUILD_EXCLUSIVE_KERNEL[1]=^5\x1b", "BUILD_DEPENDS=base", "BUILD_DEPENDS[1]=second", "POST_INSTALL=run 1.0")
	want := &Plan{
		Kernel: "6.1.0-56-amd64", Modules: []string{"a"},
		Excluded:     []PlanOmitted{{"b", `BUILD_EXCLUSIVE_KERNEL[1]="^5\x1b" does not match 6.1.0-56-amd64`}},
		Rules:        []string{"BUILD_EXCLUSIVE_KERNEL[1]=^5" + visible.Line("\x1b")},
		BuildDepends: []string{"base", "second"},
		Scripts:      []string{"POST_INSTALL: run 1.0"},
	}
	if got := c.Plan(Kernel{Release: "6.1.0-56-amd64", Arch: "x86_64"}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
