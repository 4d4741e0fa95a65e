package config

import (
	"strconv"
	"strings"

	"mago/cmd/mago/internal/engine"
	"mago/kbuild/sandbox"
)

// Field is one field of the files.
type Field struct {
	Name    string
	Value   string // what it takes, as help shows it
	Help    string // one or two sentences
	General bool   // whether mago.conf may have it, too, and not a module's own file alone
	Default string // as mago config shows it; "" for no value
	form    form
	set     func(v *Values, text string) // of a text that has the form
}

// Values are settings as the engine takes them.
type Values struct {
	engine.ModuleOptions
	Jobs int // of all builds together, 0: what the machine allows; of a module's, 0: all of these
}

// Limits is the field whose settings are one for each limit.
const Limits = "Limits"

// Jobs is the field that is another one in a module's file: a bound below that of all builds together.
const Jobs = "Jobs"

// Fields are all that the files may have.
var Fields = []Field{
	{"Sandbox", "auto|bubblewrap|namespaces", "The sandbox that builds run in; auto is the closest that works.",
		true, "auto", oneOf("auto", "bubblewrap", "namespaces", "user"), func(v *Values, text string) { v.Sandbox = sandbox.Kind(text) }},
	{Limits, "NAME=VALUE...", "Limits of a build: time=6h, memory=8G, processes=4096, output=20G; none lifts one. Each limit counts by itself.",
		true, "", limits, func(v *Values, text string) { _ = v.Limits.Set(text) }},
	{Jobs, "N", "Compilers at once, of all builds together; by default what processors, memory and the cgroup's quota allow. " +
		"In a module's file, how many of these one of its builds has.",
		true, "", positive, func(v *Values, text string) { v.Jobs, _ = strconv.Atoi(text) }},
	{"Reuse", yesOrNo, "Take the modules built for another kernel where all their symbols have the same CRCs, as --reuse does.",
		true, no, oneOf(yes, no), func(v *Values, text string) { v.Reuse = text == yes }},
	{"Maintainer", "NAME <ADDRESS>", "The maintainer of packages; by default the source package's.",
		true, "", maintainer, func(v *Values, text string) { v.Maintainer = text }},
	{"Dest", "DIRECTORY", "The directory that packages are copied to, as with --dest.",
		true, "", absolute, func(v *Values, text string) { v.Dest = text }},
	{"Key", "PATH|pkcs11:URI", "The key that modules are signed with: a file, or a token's.",
		true, "", key, func(v *Values, text string) { v.Signing.Key = text }},
	{"Passphrase-File", "PATH", "The file with the key's passphrase, or the token's PIN.",
		true, "", absolute, func(v *Values, text string) { v.Signing.PassphraseFile = text }},
	{"Passphrase-Credential", "NAME", "The credential with the key's passphrase, which systemd passes to a service (LoadCredential=).",
		true, "", credential, func(v *Values, text string) { v.Signing.PassphraseCredential = text }},
	{"Signatures", "auto|required|elsewhere|none", "Whether modules are signed: auto signs where there is a key; required builds nothing without one; elsewhere builds, and installs what mago sign had signed on another machine.",
		true, "auto", oneOf("auto", "required", "elsewhere", "none"), func(v *Values, text string) { v.Signing.Signatures = engine.Signatures(text) }},
	{"Resign", yesOrNo, "Whether modules that come signed are signed anew; with no, their signatures are kept.",
		true, yes, oneOf(yes, no), func(v *Values, text string) { v.Signing.Resign = text == yes }},
	{"Version", "VERSION", "The version of the source package that is fetched and built, and no other, as NAME=VERSION names it.",
		false, "", version, func(v *Values, text string) { v.Version = text }},
	{"Hold", yesOrNo, "Whether the module is left alone: all and alli leave it out, and named it is refused.",
		false, no, oneOf(yes, no), func(*Values, string) {}}, // see ValuesOf
	{"Early-Boot", yesOrNo, "Whether the modules belong in the initramfs; by default the source and the initramfs tell.",
		false, "", oneOf(yes, no), func(v *Values, text string) { v.Early = choice(text) }},
	{"Make-Arguments", "WORD...", "Words that the recipe's make gets at the end of its command line; quotes keep blanks, as in a shell.",
		false, "", words, func(v *Values, text string) { v.MakeArguments, _ = splitWords(text) }},
	{"Dkms-Variables", "NAME=VALUE...", "Variables that dkms.conf is evaluated with, and that count more than what it sets; quotes keep blanks.",
		false, "", variables, func(v *Values, text string) { v.Variables, _ = splitWords(text) }},
}

const (
	yes     = "yes"
	no      = "no"
	yesOrNo = "yes|no"
)

func choice(text string) engine.Choice {
	if text == yes {
		return engine.Yes
	}
	return engine.No
}

// FieldCalled is the field of a name, in any case, as dpkg compares field names; nil for none.
func FieldCalled(name string) *Field {
	for i := range Fields {
		if strings.EqualFold(Fields[i].Name, name) {
			return &Fields[i]
		}
	}
	return nil
}

// defaults are a field's settings where nobody has said anything.
func defaults(f *Field) (all []Setting) {
	if f.Name != Limits {
		return []Setting{{Field: f.Name, Value: f.Default, Origin: Origin{From: Default}}}
	}
	usual := sandbox.DefaultLimits("/")
	for _, name := range sandbox.LimitNames {
		all = append(all, Setting{Limits, name, name + "=" + usual.Value(name), Origin{From: Default}})
	}
	return all
}

// ValuesOf are settings as the engine takes them.
func ValuesOf(settings []Setting) Values {
	v := Values{ModuleOptions: engine.ModuleOptions{Limits: sandbox.DefaultLimits("/"), Signing: engine.Signing{Resign: true}}}
	for _, s := range settings {
		if s.From != Default {
			FieldCalled(s.Field).set(&v, s.Value)
		}
		switch {
		case s.Field == "Hold" && s.Value == yes:
			v.Held = s.String()
		case s.Field == "Version" && s.Value != "":
			v.PinnedBy = s.String()
		}
	}
	return v
}
