package directives

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"mago/kbuild/dkms"
)

const kept = `{"PACKAGE_NAME":{"0":"hello"},"PACKAGE_VERSION":{"0":"1.0"},"BUILT_MODULE_NAME":{"0":"a","1":"b"},"BUILT_MODULE_LOCATION":{"1":"src/"},
	"STRIP":{"0":"no","1":"y"},"NEWER":{"0":"than this dkms"},"PATCH":{"0":"x","1":"y"},"PATCH_MATCH":{"0":"^5"},"parallel_jobs":{"0":"3"}}`

// ours is what mago has read there.
func ours(t *testing.T, plan dkms.Plan) reading {
	t.Helper()
	printed := "mago-begin-of-conf|PATCH_MATCH=~|0|1|" // bash's verdict on the expression
	var directives reading
	if err := json.Unmarshal([]byte(kept), &directives); err != nil {
		t.Fatal(err)
	}
	for name, values := range directives {
		for i, value := range values {
			printed += name + "|" + string(rune('0'+i)) + "|" + value + "|"
		}
	}
	conf, err := dkms.Parse([]byte(strings.ReplaceAll(printed+"mago-end-of-conf|", "|", "\x00")))
	if err != nil {
		t.Fatal(err)
	}
	r, err := readingOf(conf, []byte(`{"directives":`+kept+`}`), plan, "6.1")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestDifferences(t *testing.T) {
	printed := `PACKAGE_NAME|0|hello|PACKAGE_VERSION|0|1.0|BUILT_MODULE_NAME|0|a|BUILT_MODULE_NAME|1|b|BUILT_MODULE_LOCATION|1|src/|STRIP|0|no|STRIP|1|y|
PATCH|0|x|PATCH|1|y|PATCH_MATCH|0|^5|make_command|0|make -C /lib/modules/6.1/build M=/var/lib/dkms/hello/1.0/build|patch_array|0|y|dkms_conf_variables|0|PACKAGE_NAME PACKAGE_VERSION BUILT_MODULE_NAME BUILT_MODULE_LOCATION STRIP PATCH PATCH_MATCH|return_value|0|0|
built_module_name|0|a|built_module_name|1|b|built_module_location|0||built_module_location|1|src/|dest_module_name|0|a|dest_module_name|1|b|strip|0|no|strip|1|yes|`
	theirs, err := parse(strings.ReplaceAll(strings.ReplaceAll(printed, "\n", ""), "|", "\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if got := differences(theirs, ours(t, dkms.Plan{Modules: []string{"a", "b"}})); len(got) > 0 {
		t.Errorf("differences where there are none: %q", got)
	}
	theirs.set("return_value", 0, "8")
	theirs.set("PRE_BUILD", 0, "script")
	theirs.set("dkms_conf_variables", 0, "PACKAGE_NAME STRIP\n   PRE_BUILD")
	want := []string{"dkms refuses it", `PRE_BUILD[0]: dkms "script", mago ""`, `build_exclude[0]: dkms "", mago "yes"`}
	if got := differences(theirs, ours(t, dkms.Plan{})); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "a\x000\x00", "a\x00b\x00c\x00", "a\x000\x00cut"} {
		if r, err := parse(text); err == nil {
			t.Errorf("took %q: %v", text, r)
		}
	}
}
