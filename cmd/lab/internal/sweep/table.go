package sweep

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// table writes what is known as Markdown: one table for each kernel, packages by name, then a line that counts.
func table(release string, kernels []string, all []row) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Module packages of Debian %s\n\n", release)
	fmt.Fprintln(&b, "Written by `make sweep RELEASE="+release+"`. Seconds are those of one machine, for the build alone; module-assistant's hold the fetching.")
	fmt.Fprintln(&b, "Packages were installed and removed with dpkg, modules loaded into Debian's own kernel in QEMU, which has none of their hardware.")
	for _, kernel := range kernels {
		of := slices.DeleteFunc(slices.Clone(all), func(x row) bool { return x.Kernel != kernel || x.Mago == nil && x.Peer == nil })
		slices.SortFunc(of, func(a, b row) int { return cmp.Compare(a.Package, b.Package) })
		if len(of) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s (%s)\n\n", kernel, of[0].KernelVersion)
		fmt.Fprintln(&b, "| package | version | recipe | mago | dkms | module-assistant | seconds | size | modules | dpkg | loads |")
		fmt.Fprintln(&b, "|---|---|---|---|---|---|--:|--:|--:|---|---|")
		for _, x := range of {
			fmt.Fprintln(&b, "| "+strings.Join(x.cells(), " | ")+" |")
		}
		fmt.Fprintf(&b, "\n%s\n", summary(of))
	}
	return b.String()
}

func (x row) cells() []string {
	dkms, assistant := "", ""
	if x.Kind == kindDKMS {
		dkms = x.Peer.words()
	} else {
		assistant = x.Peer.words()
	}
	cells := []string{x.Package, x.Version, x.Recipe, x.Mago.words(), dkms, assistant, x.seconds(), size(x.Size), count(len(x.Modules)), x.Install.words(), loads(x.Loads)}
	for i, text := range cells {
		cells[i] = cell(text)
	}
	return cells
}

// words are a result and, where it is not a good one, why.
func (o *outcome) words() string {
	switch {
	case o == nil:
		return ""
	case o.Donor != "":
		return o.Result + ": fits, modules of " + o.Donor
	case o.Why == "" || o.Result == built:
		return o.Result
	}
	return o.Result + ": " + o.Why
}

// seconds are mago's and, where there is one, the peer's.
func (x row) seconds() string {
	var both []string
	for _, o := range []*outcome{x.Mago, x.Peer} {
		if o != nil && o.Result == built && o.Seconds > 0 {
			both = append(both, fmt.Sprintf("%.0f", o.Seconds))
		}
	}
	return strings.Join(both, " / ")
}

func size(bytes int64) string {
	if bytes == 0 {
		return ""
	}
	return fmt.Sprintf("%d kB", (bytes+999)/1000)
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// loads says "yes" for modules that all load, and names each of those that do not.
func loads(answers []answer) string {
	if len(answers) == 0 {
		return ""
	}
	missing, bad := 0, []string(nil)
	for _, a := range answers {
		switch a.Load {
		case noDevice:
			missing++
		case loaded:
		default:
			bad = append(bad, strings.TrimSuffix(a.Module+" "+a.Load+": "+a.Said, ": "))
		}
	}
	switch {
	case len(bad) > 0:
		return strings.Join(bad, "; ")
	case missing > 0:
		return fmt.Sprintf("yes, %d without hardware", missing)
	}
	return "yes"
}

// cellLimit keeps a table readable; the whole line is in the row's log.
const cellLimit = 160

func cell(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if letters := []rune(text); len(letters) > cellLimit {
		text = string(letters[:cellLimit]) + "…"
	}
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`).Replace(text)
}

func summary(of []row) string {
	counts := map[string]int{}
	dpkg, load, peer := 0, 0, 0
	for _, x := range of {
		if x.Mago != nil {
			counts[x.Mago.Result]++
		}
		if x.Install != nil && x.Install.Result == installed {
			dpkg++
		}
		if len(x.Loads) > 0 && loadsWell(x.Loads) {
			load++
		}
		if x.Peer != nil && x.Peer.Result == built {
			peer++
		}
	}
	return fmt.Sprintf("%d packages: %d built, %d not meant for this kernel, %d failed; %d install, the kernel takes all modules of %d; dkms or module-assistant builds %d.",
		len(of), counts[built], counts[notMeant], counts[failed]+counts[needs]+counts[tooLong], dpkg, load, peer)
}
