package directives

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mago/kbuild/dkms"
)

// reading is what one program has read of a dkms.conf: values by name and index. The names are those of directives, and dkms's
// own for what it makes of them.
type reading map[string]map[int]string

// refusal is what stands for values of a file that mago does not take.
const refusal = "refused"

func (r reading) set(name string, index int, value string) {
	if r[name] == nil {
		r[name] = map[int]string{}
	}
	r[name][index] = value
}

// readingOf tells in dkms's terms what mago has made of a file for a kernel. kept is what it keeps of it.
func readingOf(conf *dkms.Conf, kept []byte, plan dkms.Plan, kernel string) (reading, error) {
	var file struct{ Directives reading }
	if err := json.Unmarshal(kept, &file); err != nil {
		return nil, err
	}
	r := file.Directives
	maps.DeleteFunc(r, func(name string, _ map[int]string) bool { return !isDirective(name) })
	patches, err := conf.Patches()
	if err != nil {
		return reading{refusal: {0: err.Error()}}, nil
	}
	itself := strings.NewReplacer("$kernel_source_dir", "/lib/modules/"+kernel+"/build", "$dkms_tree", "/var/lib/dkms", "$module_version", conf.Version, "$module", conf.Name)
	r.set("make_command", 0, itself.Replace(conf.MakeCommand()))
	for i, patch := range patches {
		r.set("patch_array", i, patch)
	}
	for i, m := range conf.Modules() {
		r.set("built_module_name", i, m.Name)
		r.set("built_module_location", i, m.Location)
		r.set("dest_module_name", i, m.Dest)
		r.set("strip", i, map[bool]string{false: "no", true: "yes"}[m.Strip])
	}
	if len(plan.Modules) == 0 {
		r.set("build_exclude", 0, "yes")
	}
	return r, nil
}

// differences are what dkms reads and mago does not, or otherwise, of the directives that this dkms knows.
func differences(theirs, ours reading) []string {
	var all []string
	switch taken, refused := theirs["return_value"][0] == "0", ours[refusal][0]; {
	case refused != "" && taken:
		return []string{"mago refuses it: " + refused}
	case refused != "":
		return nil
	case !taken:
		all = append(all, "dkms refuses it")
	}
	known := strings.Fields(theirs["dkms_conf_variables"][0])
	for _, name := range slices.Sorted(maps.Keys(joined(theirs, ours))) {
		if name == "dkms_conf_variables" || name == "return_value" || isDirective(name) && !slices.Contains(known, name) {
			continue
		}
		for _, i := range slices.Sorted(maps.Keys(joined(theirs[name], ours[name]))) {
			their, our := plain(name, theirs[name][i]), plain(name, ours[name][i])
			if their != our {
				all = append(all, fmt.Sprintf("%s[%d]: dkms %q, mago %q", name, i, their, our))
			}
		}
	}
	return all
}

func isDirective(name string) bool { return name == strings.ToUpper(name) }

func plain(name, value string) string {
	switch {
	case name == "built_module_location":
		return strings.TrimSuffix(value, "/")
	case name == "strip" && value == "": // whatever is not no
		return "yes"
	}
	return value
}

// joined has the keys of both.
func joined[K comparable, V any](a, b map[K]V) map[K]V {
	all := maps.Clone(b)
	if all == nil {
		all = map[K]V{}
	}
	maps.Copy(all, a)
	return all
}
