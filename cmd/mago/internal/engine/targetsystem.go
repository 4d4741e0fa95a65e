package engine

import (
	"os/exec"
	"strings"
)

// System is the system that a run of mago works on, with its cache and its user: the commands that mago advises have to fit all
// three.
type System struct {
	Root    string   // "" or "/" for the machine itself
	Cache   string   // as -u names it, "" for the usual one
	Kernels []string // words of -l, as they were given
	Headers []string // directories of -k
	AsRoot  bool     // whether mago has root's rights
	NoSudo  bool     // whether root has called mago without sudo, which may not be there
	Updated bool     // whether this run has had apt fetch its lists
}

// SystemOf is the one that an engine works on.
func SystemOf(e *Engine) System { return e.system() }

func (b *base) system() System {
	p := Unplaced(b.host.AsRoot, b.Caller)
	p.Kernels, p.Headers = b.Kernels, b.HeaderDirs
	p.Root, p.Updated = b.Root, b.known.updated.Load()
	if b.OwnCache {
		p.Cache = b.Cache
	}
	return p
}

// Unplaced is the machine itself, before it is known which system is meant; caller is the user whom sudo has made root.
func Unplaced(asRoot bool, caller string) System {
	_, err := exec.LookPath("sudo")
	return System{AsRoot: asRoot, NoSudo: asRoot && (caller == "" || err != nil)}
}

// Apt is a command line of apt-get's that changes the system.
func (p System) Apt(verb string, words ...string) string {
	return p.Program(append([]string{"apt-get", verb}, words...)...)
}

// Program is the command line of one of the system's own programs that needs root.
func (p System) Program(words ...string) string {
	if p.isOtherRoot() {
		words = append([]string{"chroot", p.Root}, words...)
	}
	return p.ByRoot(words...)
}

// Mago is a command line of mago's by the same user.
func (p System) Mago(words ...string) string {
	if p.AsRoot {
		return p.SudoMago(words...)
	}
	return typed(append(append([]string{"mago"}, words...), p.options()...))
}

// SudoMago is a command line of mago's by root, who keeps out of an ordinary user's cache.
func (p System) SudoMago(words ...string) string {
	if !p.AsRoot {
		p.Cache = ""
	}
	return p.ByRoot(append(append([]string{"mago"}, words...), p.options()...)...)
}

// read is a command line of one of the system's own programs that everybody may run; another root only root may enter.
func (p System) read(words ...string) string {
	if p.isOtherRoot() {
		return p.Program(words...)
	}
	return typed(words)
}

// Prepare is the command that installs what building for the kernels at hand needs.
func (p System) Prepare() string {
	return p.SudoMago(append([]string{"prepare"}, p.kernelWords()...)...)
}

// kernelWords are the options that choose the same kernels.
func (p System) kernelWords() (words []string) {
	if len(p.Kernels) > 0 {
		words = append(words, "-l", strings.Join(p.Kernels, ","))
	}
	for _, dir := range p.Headers {
		words = append(words, "-k", dir)
	}
	return words
}

// ByRoot is a command line that root has to run, on the machine itself.
func (p System) ByRoot(words ...string) string {
	if !p.NoSudo {
		words = append([]string{"sudo"}, words...)
	}
	return typed(words)
}

// Fitted is a text for users that has commands in double quotes, without the sudo before them where root needs none.
func (p System) Fitted(text string) string {
	if p.NoSudo {
		return strings.ReplaceAll(text, `"sudo `, `"`)
	}
	return text
}

// options are those that name the system.
func (p System) options() (words []string) {
	if p.Cache != "" {
		words = append(words, "-u", p.Cache)
	}
	if p.isOtherRoot() {
		words = append(words, "--root", p.Root)
	}
	return words
}

func (p System) isOtherRoot() bool { return p.Root != "" && p.Root != "/" }

// typed is a command line as a shell takes it.
func typed(words []string) string {
	var line []string
	for _, word := range words {
		line = append(line, Pasted(word))
	}
	return strings.Join(line, " ")
}
