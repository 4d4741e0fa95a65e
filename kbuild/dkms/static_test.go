package dkms

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// imitations have the shapes that files in the wild have.
var imitations = map[string]string{
	"plain":            "MAKE=\"make -C $kernel_source_dir M=${dkms_tree}/${PACKAGE_NAME}/${PACKAGE_VERSION}/build\"\nBUILT_MODULE_NAME[0]=hello\nDEST_MODULE_LOCATION[0]=/kernel/x\nAUTOINSTALL=yes",
	"counter":          "i=0\nBUILT_MODULE_NAME[$i]=a\ni=$((i+1))\nBUILT_MODULE_NAME[$i]=b\nlet i++ || true\n",
	"loop":             "n=0\nfor m in one two three; do\n BUILT_MODULE_NAME[$n]=$m BUILT_MODULE_LOCATION[n]=src/$m\n ((n++))\ndone\nSTRIP[0]=no",
	"c loop":           "mods=(x y z)\nfor ((i=0; i<${#mods[@]}; i++)); do BUILT_MODULE_NAME[i]=${mods[$i]}; DEST_MODULE_LOCATION[i]=/extra; done",
	"appended":         "BUILT_MODULE_NAME+=(a)\nBUILT_MODULE_NAME+=(b c)\nPATCH+=(1.patch); PATCH_MATCH+=('^6\\.')",
	"appended text":    "MAKE=make\nMAKE+=' all'\nMAKE[2]=x MAKE_MATCH[2]='^[56]'",
	"case":             "case $kernelver in 5.*|4.*) PATCH[0]=old.patch;; 6.*) PATCH[0]=new.patch;; esac\ncase \"$arch\" in @(x86_64|i686)) STRIP=no;; esac",
	"kept out":         `[[ "$kernelver" =~ "-amd64" ]] && build_exclude="yes"`,
	"condition":        "if [ \"${kernelver%%.*}\" -ge 6 ] && [[ $kernelver =~ ^6\\.([0-9]+) ]]; then MAKE=\"make MINOR=${BASH_REMATCH[1]}\"; else MAKE=make; fi",
	"version parts":    "v=${kernelver%%-*}; IFS=. read_=x\nmajor=${v%%.*} rest=${v#*.}; PRE_BUILD=\"pre.sh $major ${rest%%.*}\"",
	"substitution":     "MAKE=\"make DIR=$(echo \"$kernel_source_dir\") V=$(printf %03d 7)\"",
	"function":         "add() { local n=${#BUILT_MODULE_NAME[@]}; BUILT_MODULE_NAME[n]=$1; DEST_MODULE_LOCATION[n]=${2:-/extra}; }\nadd a; add b /kernel/b",
	"sparse":           "BUILT_MODULE_NAME[7]=z BUILT_MODULE_NAME[2]=q\nunset 'BUILT_MODULE_NAME[7]'\nPATCH[17]=x",
	"defaults":         ": ${MY:=value}\nMAKE=\"make ${MY} ${OTHER:-none} ${kernelver/amd64/x} ${MY^^}\"",
	"quotes":           `MAKE="'make' F=\"-a -b\"" PRE_BUILD="configure --host=\"\" --x" POST_BUILD='a   b	c'`,
	"cut":              "x=${kernelver#6.} y=${kernelver%-*} z=${kernelver/-/_}; MAKE=\"make $x $y $z ${x:0:1} ${#y}\"",
	"read twice":       `PRE_BUILD='configure --with-linux=$kernel_source_dir' MAKE='make \$x'`,
	"torn":             `MAKE='make "x' PRE_BUILD='d"*"' PATCH='*'`,
	"lines":            "PRE_BUILD=\"configure\n  --a\n\t--b\"\nMAKE='make \\\n all'",
	"quiet":            "echo hello >/dev/null 2>&1; false; [ -n \"\" ] && STRIP=no\nMAKE=\"make $?\"",
	"status":           "false\nx=1\nMAKE=\"make $?\"\nx=$(false)\nPRE_BUILD=\"a $?\"",
	"given changed":    "kernelver=5.0\nMAKE='make $kernelver'",
	"declared":         "declare -a PATCH=(a b)\nexport MAKE=make\nreadonly STRIP=no\ndeclare -i BUILD_DEPENDS_REBUILD",
	"braces":           "for i in {0..3}; do BUILT_MODULE_NAME[i]=m$i; done",
	"while":            "i=0; while [ $i -lt 5 ]; do BUILT_MODULE_NAME[$i]=m$i; i=$((i+1)); done; until [ $i = 0 ]; do i=$((i-1)); done; MAKE=\"make $i\"",
	"placeholder":      "PACKAGE_VERSION=#MODULE_VERSION#\nPACKAGE_VERSION=\"#MODULE_VERSION#\"",
	"here document":    ": <<END\nnothing $kernelver\nEND\nSTRIP=no",
	"branch not taken": "if [ -n \"$unset\" ]; then x=$(uname -r); fi\n[ $arch = vax ] && rm -rf /\nSTRIP=no",
	"fallback":         "x=${kernelver:-$(uname -r)} y=${unset-$(echo z)} e=; e=${e-$(uname)}; MAKE=\"make $x $y${e}\"",
	"pipe not needed":  "x=${kernelver:-$(uname -r | sed s/a/b/)}\nif false; then x=$(echo a | sed s/a/b/); fi\nMAKE=\"make $x\"",
}

// TestStaticAgrees takes bash's own evaluation for the truth.
func TestStaticAgrees(t *testing.T) {
	for name, text := range imitations {
		t.Run(name, func(t *testing.T) {
			want, err := evaluate(t, named+text+"\n")
			if err != nil {
				t.Fatal(err)
			}
			got, err := Static(t.Context(), variables, []byte(named+text+"\n"))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%v\ngot  %+v\nbash %+v", err, got, want)
			}
		})
	}
}

func TestStaticRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"program":       {"MAKE=\"make -j$(nproc)\"", "line 2: it runs nproc"},
		"pipe":          {"x=$(echo a | sed s/a/b/)", "line 2: it pipes"},
		"piped fault":   {"shift -1 | true", "line 2: it pipes"},
		"fault":         {"shift -1", "the interpreter gives up: "},
		"file":          {"\nif [ -f /etc/debian_version ]; then STRIP=no; fi", "it looks for /etc/debian_version"},
		"readable":      {"[[ -r $kernel_source_dir/.config ]]", "it looks for /lib/modules/6.1.0-56-amd64/build/.config"},
		"redirection":   {"x=$(</etc/passwd)", "it opens /etc/passwd"},
		"writes":        {"echo x >/tmp/planted", "it opens /tmp/planted"},
		"names":         {"PATCH=(/usr/*)", "it lists /usr"},
		"sources":       {". /etc/os-release", "it runs ."},
		"looks up":      {"command -v gcc && STRIP=no", "it runs command"},
		"evaluates":     {"eval STRIP=no", "it runs eval"},
		"directory":     {"x=$PWD", "it reads $PWD"},
		"exits":         {"STRIP=no; exit", "it exits before its end"},
		"returns":       {"STRIP=no\nreturn 3", "line 3: it returns before its end"},
		"background":    {"true &", "it starts something in the background"},
		"process":       {"x=<(true)", "it starts something in the background"},
		"strict":        {"set -e", "it runs set -e"},
		"for ever":      {"while :; do :; done", "it runs more than 1000 commands"},
		"recursion":     {"f() { f; }; f", "it runs more than 1000 commands"},
		"doubling":      {"x=aaaaaaaa\n" + strings.Repeat("x=$x$x\n", 60), "it holds more than 65536 bytes"},
		"doubling loop": {"x=aaaaaaaa\nfor ((;;)); do x=$x$x; done", "it holds more than 65536 bytes"},
		"doubling echo": {"x=aaaaaaaa\nfor ((;;)); do x=$(echo $x$x); done", "it holds more than 65536 bytes"},
		"doubling join": {"x=aaaaaaaa\nfor ((;;)); do true && x=$x$x; done", "it holds more than 65536 bytes"},
		"declared join": {"x=aaaaaaaa\nfor ((;;)); do declare x=$x$x; done", "it holds more than 65536 bytes"},
		"one long word": {"x=" + strings.Repeat("$kernelver", 65), "it puts more than 64 values together"},
		"braces":        {"x=({1..9999})", "it expands many braces"},
		"braces twice":  {"x=({a,b}{a,b})", "it expands many braces"},
		"wide":          {"printf %100000d 1", "it prints a wide field"},
		"long":          {"#" + strings.Repeat("x", staticText), "longer than 32768 bytes"},
		"nested":        {"x='$(((((((((('\n" + strings.Repeat("x=$x$x\n", 10) + "MAKE=$x$x$x$x", "a value is longer than 32768 bytes"},
		"deep":          {"f() { " + strings.Repeat("{ ", 60) + "f;" + strings.Repeat(" };", 60) + " }; f", "it nests more than 100 deep"},
		"deep calls":    {"f() { " + strings.Repeat("{ ", 28) + "f;" + strings.Repeat(" };", 28) + " }; f", "it runs more than 1000 commands"},
		"many words":    {": " + strings.Repeat("$kernelver ", 65), "it puts more than 64 values together"},
		"many to loop":  {"for x in " + strings.Repeat("$kernelver ", 65) + "; do :; done", "it puts more than 64 values together"},
		"given pattern": {"[[ $kernelver == *$arch* ]]", "it matches by an expansion"},
		"given regexp":  {"[[ $kernelver =~ ^$arch ]]", "it matches by an expansion"},
		"given case":    {"case x in $arch) ;; esac", "it matches by an expansion"},
		"given cut":     {"x=${kernelver%$arch}", "it matches by an expansion"},
		"long pattern":  {"[[ $kernelver == " + strings.Repeat("*a", 200) + " ]]", "it matches by a long pattern"},
		"far index":     {"PATCH[9223372036854775807]=x", "PATCH has an index above 9999"},
		"unset":         {"set -u", "it runs set -u"},
		"unset ends":    {"x=${nope:?}", "it may exit before its end"},
		"home":          {"MAKE=~/make", "it reads $HOME"},
		"reference":     {"declare -n x=STRIP", "it declares a reference"},
		"several":       {"x=(a b)\nMAKE='make ${x[@]}'", "a value may become several"},
		"map":           {"declare -A MAKE=([a]=b)", "MAKE is neither text nor array"},
		"ends quotes":   {"MAKE='a\"); true; x=(\"'", "a value ends its own quotes"},
		"extended":      {"x=${kernelver//+(-)/_}", "it replaces or cuts by an extended pattern"},
		"extended cut":  {"x=${kernelver%%@(a|b)*}", "it replaces or cuts by an extended pattern"},
		"fallback":      {"e=\nx=${e:-$(uname -r)}", "line 3: it runs uname"},
		"runs later":    {"MAKE='make $(nproc)'", "unexpected command substitution"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &reading{variables: variables, budget: &budget{}}
			c, err := r.conf(t.Context(), [][]byte{[]byte(named + test.text + "\n")})
			var unknown *StaticError
			if !errors.As(err, &unknown) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want %q", c, err, test.want)
			}
		})
	}
}

func TestStaticLeavesOut(t *testing.T) {
	const all = "BUILT_MODULE_NAME=m MAKE=make\n"
	for name, test := range map[string]struct {
		text    string
		unread  []string // what the statements do that were left out
		unknown []string
		known   map[string]string
	}{
		"a branch": {
			"if [ -f $kernel_source_dir/.config ]; then\n. $kernel_source_dir/.config\nBUILD_EXCLUSIVE_KERNEL=no\nfi\nPRE_BUILD=\"pre $kernelver\"",
			[]string{"line 3: it looks for /lib/modules/6.1.0-56-amd64/build/.config"},
			[]string{"BUILD_EXCLUSIVE_KERNEL"}, map[string]string{"MAKE": "make", "PRE_BUILD": "pre 6.1.0-56-amd64"},
		},
		"nothing to know": {"pushd `dirname $BASH_SOURCE`\nSTRIP=no", []string{"line 3: it reads $BASH_SOURCE"}, nil, map[string]string{"STRIP": "no"}},
		"what builds on it": {
			"x=$(uname -r)\ny=${x%%-*}\nMAKE=\"make $y\"\nSTRIP=no", []string{"line 3: it runs uname"}, []string{"MAKE"}, map[string]string{"STRIP": "no"},
		},
		"a status":   {"which ofed\nif [ $? -eq 0 ]; then MAKE=other; fi\ntrue\nSTRIP=$?", []string{"line 3: it runs which"}, []string{"MAKE"}, map[string]string{"STRIP": "0"}},
		"a counter":  {"i=0\nPATCH[$i]=a\nif grep x y; then i=$((i+1)); fi\nPATCH[i]=b", []string{"line 5: it runs grep"}, []string{"PATCH"}, nil},
		"a number":   {"which ofed\nif [ $? -eq 0 ]; then x=1; fi\nPATCH[0]=a", []string{"line 3: it runs which"}, nil, map[string]string{"PATCH": "a"}},
		"a default":  {": ${STRIP:=$(id)}", []string{"line 3: it runs id"}, []string{"STRIP"}, nil},
		"set again":  {"x=$(id)\nx=new\nSTRIP=$x", []string{"line 3: it runs id"}, []string{"STRIP"}, nil},
		"read again": {"x=$(id)\nMAKE='make $x'\nSTRIP='$y'", []string{"line 3: it runs id"}, []string{"MAKE"}, nil},
		"by a value": {"e=y y=1\nif id; then y=7; fi\nPATCH[e]=x", []string{"line 4: it runs id"}, []string{"PATCH"}, nil},
		"configuration": {
			". /boot/config-$kernelver\nPATCH=$CONFIG_X STRIP=no", []string{"line 3: it runs ."}, []string{"STRIP", "PATCH"}, nil,
		},
		"added to":   {"STRIP=$(id)\nSTRIP+=new", []string{"line 3: it runs id"}, []string{"STRIP"}, nil},
		"a subshell": {"STRIP=$(shopt -s extglob; x=1; id)\n(id; exit 1)\nPATCH=$x", []string{"line 3: it runs id", "line 4: it runs id"}, []string{"STRIP"}, nil},
		"two":        {"STRIP=$(id)\nMAKE=$(uname)", []string{"line 3: it runs id", "line 4: it runs uname"}, []string{"STRIP", "MAKE"}, nil},
		"when built": {"MAKE='make $(nproc)'", []string{"unexpected command substitution"}, []string{"MAKE"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Static(t.Context(), variables, []byte(named+all+test.text+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Unread) != len(test.unread) || !slices.Equal(c.Unknown, test.unknown) {
				t.Fatalf("unread %v, unknown %q", c.Unread, c.Unknown)
			}
			for i, unread := range c.Unread {
				if !strings.Contains(unread.Error(), test.unread[i]) {
					t.Errorf("left out because %q, want %q", unread, test.unread[i])
				}
			}
			for _, directive := range test.unknown {
				if len(c.Indexes(directive)) > 0 {
					t.Errorf("%s is %q", directive, c.Value(directive))
				}
			}
			for directive, value := range test.known {
				if c.Value(directive) != value {
					t.Errorf("%s is %q, want %q", directive, c.Value(directive), value)
				}
			}
		})
	}
	if _, err := Static(t.Context(), variables, []byte("PACKAGE_NAME=$(id)\nPACKAGE_VERSION=1\n")); err == nil || !strings.Contains(err.Error(), "line 1: it runs id") {
		t.Errorf("without a name: %v", err)
	}
}

// TestStaticGivesUp at statements whose effects are not in their text: of what follows them nothing can be said.
func TestStaticGivesUp(t *testing.T) {
	for text, want := range map[string]string{
		"if [ -e /x ]; then return 0; fi":             "it runs return",
		"die() { exit 1; }\n[ -n $arch ] && die":      "it runs exit",
		"set-it() { id; STRIP=no; }\nset-it":          "it calls set-it",
		"f() { id; STRIP=no; }\nf\nf() { :; }":        "it calls f",
		"f() { g; }\ng() { STRIP=$x; }\nx=$(id)\nf":   "it calls g",
		"c=f\nf() { STRIP=$x; }\nx=$(id)\n$c":         "what it runs is in a variable",
		"eval STRIP=no":                               "it runs eval",
		". /etc/os-release":                           "it runs .",
		"exec true":                                   "it runs exec",
		"trap 'STRIP=no' DEBUG":                       "it runs trap",
		"set -- a b":                                  "it runs set",
		"[ -e /x ] && shopt -s nocasematch":           "it runs shopt",
		"[ -e /x ] && declare STRIP=no":               "it changes the shell",
		"[ -e /x ] && let i+=1":                       "it changes the shell",
		"[ -e /x ] && IFS=,":                          "it sets IFS",
		"read STRIP </etc/motd":                       "it runs read",
		"exec {STRIP}</etc/motd":                      "it keeps a file open",
		"y=STRIP\nSTRIP=$(id)\nPATCH=${!y}":           "it reads a variable that another one names",
		"e='i=5' i=1\n[ -e /x ] && ((e))\nPATCH[i]=x": "it may evaluate a variable",
		"x=$(id)\n: ${STRIP:?$x}":                     "it may end the file",
		"shift -1":                                    "it runs shift",
		"coproc id":                                   "it changes the shell",
		"select STRIP in a b; do :; done":             "it asks",
		"x=$(id)\nPACKAGE_NAME=$x":                    "line 2: it runs id",
		"[ -e /x ] && PACKAGE_NAME=other":             "line 2: it looks for /x",
		"BUILT_MODULE_NAME=$(id) DEST_MODULE_LOCATION=/extra PACKAGE_NAME=": "line 2: it runs id",
	} {
		c, err := Static(t.Context(), variables, []byte(named+text+"\n"))
		var unknown *StaticError
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\ngot %+v, %v, want %q", text, c, err, want)
		}
	}
	for text, want := range map[string]string{ // faults of the file, whatever is left out
		"pushd /tmp\nBUILT_MODULE_NAME=a/b":         `module "a/b"`,
		"pushd /tmp\nPACKAGE_NAME=":                 "no PACKAGE_NAME",
		"pushd /tmp\nif true":                       "it cannot be parsed",
		"[ -e /x ] && STRIP=no\nBUILT_MODULE_NAME=": "",
	} {
		if _, err := Static(t.Context(), variables, []byte(named+text+"\n")); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestStaticOverrideAgrees(t *testing.T) {
	c, err := Static(t.Context(), variables, []byte(named+"kernelver=5.0\nset_it() { STRIP=no; }\n"), []byte("MAKE=\"make $kernelver\"\nset_it\n"))
	if err != nil || c.Value("MAKE") != "make 6.1.0-56-amd64" || c.Value("STRIP") != "no" {
		t.Errorf("got %+v, %v", c, err)
	}
}

// TestStaticEnds after so many steps, whatever takes them, and not after some time, which on a busy machine is another one.
func TestStaticEnds(t *testing.T) {
	long := "x='" + strings.Repeat("a ", 8000) + "'\n"
	for name, text := range map[string]string{
		"loop":        "while [[ 1 ]]; do ((x++)); done",
		"condition":   "while ((x++ < 100000000)); do [[ a ]]; done",
		"until":       "until [[ $x == y ]]; do ((x++)); done",
		"for":         "for ((;;)); do [[ 1 ]]; done",
		"words":       long + strings.Repeat(": "+strings.Repeat("$x ", 60)+"\n", 60),
		"matches":     long + strings.Repeat("[[ $x == *a*a*a*a*a*a*a*ab ]]\n", 200),
		"cuts":        long + strings.Repeat("y=${x%%*b*b*b}\n", 300),
		"read again":  long + strings.Repeat("MAKE+=('\"$x\" ${x//a/b}')\n", 200),
		"cases":       long + "while :; do case $x in *a*b*c*d) ;; *e*f*g*h) ;; esac; continue; done\n" + strings.Repeat("case $x in *a*a*a*a*a*ab) ;; esac\n", 200),
		"continued":   long + strings.Repeat("for i in 1 2 3 4 5 6 7 8 9; do case $x in *a*a*a*a*b) ;; *) continue ;; esac; done\n", 90),
		"own weights": strings.Repeat("mago-size-check 99999999999999999 || mago-size-check -99999999999999999\n", 9),
	} {
		if _, err := Static(t.Context(), variables, []byte(named+text+"\n")); err == nil || !strings.Contains(err.Error(), "it takes more than 65536 steps") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := Static(t.Context(), variables, []byte(named+strings.Repeat("a=`b`\n", 3000))); err == nil || !strings.Contains(err.Error(), "more than 32 of its statements") {
		t.Errorf("left out: got %v", err)
	}
}

// TestStaticLooksAtAFunctionOnce: functions that call themselves, or each other many times, in subshells.
func TestStaticLooksAtAFunctionOnce(t *testing.T) {
	itself := "x=$(uname -r)\nf() { x=$(f); }\nf\n"
	others := "x=$(uname -r)\nf40() { :; }\nf0\n"
	for i := range 40 {
		others += fmt.Sprintf("f%d() { y=$(f%d; f%d)$(f%d); }\n", i, i+1, i+1, i+1)
	}
	for _, text := range []string{itself, others} {
		if _, err := Static(t.Context(), variables, []byte(named+text)); err == nil || !strings.Contains(err.Error(), "it calls f") {
			t.Errorf("%.30q: got %v", text, err)
		}
	}
}

func TestStaticMalformed(t *testing.T) {
	for text, want := range map[string]string{
		named + "if true\n":   "it cannot be parsed",
		"PACKAGE_VERSION=1\n": "no PACKAGE_NAME",
		"# nothing":           "it sets no directive at all",
	} {
		if _, err := Static(t.Context(), variables, []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func TestStaticOverride(t *testing.T) {
	c, err := Static(t.Context(), variables, []byte(named+"STRIP=no MAKE=make\n"), []byte("MAKE=\"$MAKE all\"\r\n"))
	if err != nil || c.Value("MAKE") != "make all" || c.Value("STRIP") != "no" {
		t.Errorf("got %+v, %v", c, err)
	}
}

// FuzzStaticOverride: a file and an administrator's override of it, of which the second goes on where the first ended.
func FuzzStaticOverride(f *testing.F) {
	for _, text := range imitations {
		f.Add([]byte(named+text), []byte("MAKE+=' all'\nPATCH[0]=$PACKAGE_NAME\n"))
		f.Add([]byte(named), []byte(text))
	}
	f.Fuzz(func(t *testing.T, text, override []byte) {
		c, err := Static(t.Context(), variables, text, override)
		if err == nil && len(fmt.Sprint(c)) > 4*staticSize {
			t.Errorf("holds %d bytes", len(fmt.Sprint(c)))
		}
	})
}

func FuzzStatic(f *testing.F) {
	for _, text := range imitations {
		f.Add([]byte(named + text))
	}
	f.Add([]byte(named + "x=$(uname -r)\nf() { x=$(f); }\nf\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Static(t.Context(), variables, text)
		if err == nil && len(fmt.Sprint(c)) > 2*staticSize {
			t.Errorf("holds %d bytes", len(fmt.Sprint(c)))
		}
	})
}
