package word

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
)

// parsers are those of every kind, by what their errors call it.
var parsers = map[string]func(string) (string, error){
	"package name":   parser[packageName](),
	"source name":    parser[sourceName](),
	"version":        parser[packageVersion](),
	"architecture":   parser[architecture](),
	"kernel release": parser[release](),
	"module name":    parser[module](),
	"program name":   parser[program](),
	"dkms name":      parser[dkms](),
}

func parser[G grammar]() func(string) (string, error) {
	return func(text string) (string, error) {
		w, err := parse[G](text)
		return w.String(), err
	}
}

// hostile are words that each mean something to some program that gets them.
var hostile = []string{
	"", "-oDir::Bin::dpkg=/bin/sh", "--simulate", "-", "--", "x[z-a]-dkms", "$({touch,x})-dkms", "`id`", "a b", "a\nb", "a\x00b", "a;id", "a'b", `a"b`, "a*", "?name(x)", "~ndkms", "^a", "a|b",
	"/etc/passwd", "../x", "a/../b", "x\x1b[2J", "x\u202e", "x\u009b2J", "\xff", strings.Repeat("a", 5000), "_a/=b", "a=b", "a,b", "a(b)", "a$", "a\\b", "=a", "foo\t",
}

func TestParse(t *testing.T) {
	fit := map[string][]string{
		"package name":   {"dkms", "g++", "libstdc++6", "0ad", "linux-headers-6.1.0-56-amd64", "linux-headers-6.12.117+deb12-amd64", "v4l2loopback-dkms", "a+"},
		"source name":    {"x", "tp-smapi", "c++"},
		"version":        {"0", "1.0-1", "2:1.0~rc1+ds-1~bpo12+1", "535.261.03-1~deb12u1", "8.051.02-2"},
		"architecture":   {"amd64", "all", "kfreebsd-amd64", "x32"},
		"kernel release": {"6.1.0-56-amd64", "6.12.117+deb13-cloud-amd64", "6.1.0-rc1_x~", "5.10"},
		"module name":    {"v4l2loopback", "_x", "nf-nat", "8021q", "a.b"},
		"program name":   {"gcc-12", "x86_64-linux-gnu-gcc-12", "clang-16", "g++-12", "ld.lld-16"},
		"dkms name":      {"v4l2loopback", "1:2.0~3", "nvidia-current", "0.12.7"},
	}
	unfit := map[string][]string{
		"package name":   {"a", "Dkms", "a_b", "dpkg-", "+a", ".a", strings.Repeat("a", 129), "a:amd64"},
		"source name":    {"-x", "X", "a_b", strings.Repeat("a", 101)},
		"version":        {"a1", "1.0-", ":1", "1:", "1:2:3", "x:1", "99999999999:1", "1_2", strings.Repeat("1", 201)},
		"architecture":   {"any", "source", "-a", "a b", "linux:any"},
		"kernel release": {".", "-1", "6.1/..", "6.1 x", strings.Repeat("6", 65)},
		"module name":    {"a/b", "-a", ".a", "a b"},
		"program name":   {"/bin/sh", "-oDir=/x", "CC=gcc", "gcc 12", "_gcc"},
		"dkms name":      {"#MODULE_VERSION#", "a/b", "-a", ".a"},
	}
	for kind, parse := range parsers {
		for _, text := range fit[kind] {
			if got, err := parse(text); err != nil || got != text {
				t.Errorf("%s %q: got %q, %v", kind, text, got, err)
			}
		}
		for _, text := range unfit[kind] {
			got, err := parse(text)
			var broken *Error
			if !errors.As(err, &broken) || broken.Kind != kind || broken.Text != text || got != "" {
				t.Errorf("%s %q: got %q, %v", kind, text, got, err)
			}
		}
	}
}

func TestHostile(t *testing.T) {
	for kind, parse := range parsers {
		for _, text := range hostile {
			if _, err := parse(text); err == nil {
				t.Errorf("%s %q is taken", kind, text)
			}
		}
	}
}

func TestErrorIsShortAndQuoted(t *testing.T) {
	_, err := ParsePackage("\x1b]0;x\a" + strings.Repeat("y", 9000))
	if text := err.Error(); len(text) > 300 || strings.ContainsAny(text, "\x1b\a") || !strings.Contains(text, "longer than 128 bytes") {
		t.Errorf("got %q", text)
	}
	const want = `program name "-oDir::Bin::dpkg=/bin/sh": not letters, digits, ., _, +, - that begin with a letter or digit`
	if _, err := ParseProgram("-oDir::Bin::dpkg=/bin/sh"); err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestJSONIsChecked(t *testing.T) {
	type record struct {
		Name    Package `json:"name"`
		Version Version `json:"version,omitzero"`
	}
	var r record
	if err := json.Unmarshal([]byte(`{"name":"-oX=y"}`), &r); err == nil || !r.Name.IsZero() {
		t.Errorf("took %v, %v", r, err)
	}
	if err := json.Unmarshal([]byte(`{"name":"x-dkms","version":""}`), &r); err != nil || r.Name.String() != "x-dkms" || !r.Version.IsZero() {
		t.Errorf("got %v, %v", r, err)
	}
	if text, err := json.Marshal(r); err != nil || string(text) != `{"name":"x-dkms"}` {
		t.Errorf("got %s, %v", text, err)
	}
}

func TestTarget(t *testing.T) {
	name, _ := ParsePackage("x-dkms")
	arch, _ := ParseArchitecture("amd64")
	version, _ := ParseVersion("1:2-3")
	for want, target := range map[string]Target{
		"x-dkms": {Name: name}, "x-dkms:amd64": {Name: name, Architecture: arch}, "x-dkms=1:2-3": {Name: name, Version: version}, "x-dkms:amd64=1:2-3": {name, arch, version},
	} {
		if got := target.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// FuzzParse holds whatever parses against one expression that no word may leave.
func FuzzParse(f *testing.F) {
	for _, text := range append(hostile, "g++", "1:1.0-1", "updates/mago/a.ko", "6.1.0-56-amd64") {
		f.Add(text)
	}
	plain := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._+~:-]*$`)
	f.Fuzz(func(t *testing.T, text string) {
		for kind, parse := range parsers {
			got, err := parse(text)
			switch {
			case err != nil:
				if got != "" || len(err.Error()) > 500 {
					t.Errorf("%s %q: got %q, %v", kind, text, got, err)
				}
			case got != text, !plain.MatchString(text), strings.HasPrefix(text, "-"):
				t.Errorf("%s %q is taken", kind, text)
			}
		}
	})
}
