package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"mago/debpkg"
	"mago/debpkg/apt"
)

func aptCache(w *world, args []string) error {
	switch args[0] {
	case "search":
		pattern, err := regexp.Compile(args[len(args)-1])
		for _, release := range w.kernels() {
			if name := "linux-headers-" + release; err == nil && pattern.MatchString(name) {
				fmt.Printf("%s - Header files for Linux %s\n", name, release)
			}
		}
		return err
	case "policy":
		lists, _ := strings.CutPrefix(args[2], "Dir::State::lists=")
		return w.printCandidates(lists, args[slices.Index(args, "--")+1:])
	case "madison":
		for _, name := range args[2:] {
			if err := w.printVersions(name); err != nil {
				return err
			}
		}
		return nil
	case "showpkg":
		for _, name := range args[slices.Index(args, "--")+1:] {
			text, _ := w.listed(name)
			_, version, _ := strings.Cut(text, "\nVersion: ")
			version, _, _ = strings.Cut(version, "\n")
			fmt.Printf("Package: %s\nVersions: \n%s (/%s)\n\nReverse Depends: \n", name, version, w.list())
		}
		return nil
	case "show":
		for _, name := range args[slices.Index(args, "--")+1:] {
			if text, err := w.listed(name); err != nil || text != "" {
				fmt.Print(text)
			} else if w.has(name) {
				fmt.Printf("Package: %s\nDepends: %s\n\n", name, strings.Join(strings.Fields(w.brings(name)), ", "))
			}
		}
		return nil
	}
	return fmt.Errorf("apt-cache %q", args)
}

// listed is the last paragraph that apt's list has of a package, "" where it has none.
func (w *world) listed(name string) (found string, err error) {
	text, err := os.ReadFile(filepath.Join(w.root, w.list()))
	for paragraph := range strings.SplitAfterSeq(string(text), "\n\n") {
		if strings.HasPrefix(paragraph, "Package: "+name+"\n") {
			found = paragraph
		}
	}
	return found, err
}

func (w *world) kernels() []string {
	text, _ := os.ReadFile(filepath.Join(w.archive, "kernels"))
	return strings.Fields(string(text))
}

// printVersions is apt-cache madison, of a package in every version that is listed.
func (w *world) printVersions(name string) error {
	text, err := os.ReadFile(filepath.Join(w.root, w.list()))
	for _, m := range regexp.MustCompile(`(?m)^Package: `+regexp.QuoteMeta(name)+`\nVersion: (.*)$`).FindAllStringSubmatch(string(text), -1) {
		fmt.Printf("%s | %s | http://example.org/debian stable-backports/main amd64 Packages\n", name, m[1])
	}
	return err
}

// printCandidates takes the last version listed for the candidate.
func (w *world) printCandidates(lists string, names []string) error {
	files, err := filepath.Glob(filepath.Join(w.root, lists, "*_Packages"))
	if err != nil {
		return err
	}
	candidates := map[string]string{}
	for _, file := range append(files, filepath.Join(w.root, "var/lib/dpkg/status")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^Package: (.*)\n(?:.+\n)*?Version: (.*)\n`).FindAllStringSubmatch(string(text), -1) {
			if candidates[m[1]] == "" || strings.HasSuffix(file, "_Packages") {
				candidates[m[1]] = m[2]
			}
		}
	}
	for _, name := range names {
		if candidates[name] != "" {
			fmt.Printf("%s:\n  Installed: (none)\n  Candidate: %s\n", name, candidates[name])
		}
	}
	return nil
}

// onlyNames has apt take no name for a pattern.
const onlyNames = "-o APT::Cmd::Pattern-Only=true"

func aptGet(w *world, args []string) error {
	if args[0] == "indextargets" {
		_, err := fmt.Println("Debian|Debian|bookworm|main|/etc/apt/sources.list.d/debian.sources:1|http://example.org/debian")
		return err
	}
	options, packages := args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 {
		options, packages = args[:i], slices.Clone(args[i+1:])
	}
	if os.Getenv("PASTED") != "" {
		return w.typedByUser(args)
	}
	told := func(trust []string) bool {
		said := strings.TrimSuffix(strings.Join(options, " "), " "+onlyNames)
		return strings.HasSuffix(said, strings.Join(trust, " "))
	}
	if !told(apt.TrustArgs(false)) && !told(apt.TrustArgs(true)) {
		return fmt.Errorf("apt-get %q: its own configuration decides whether it checks signatures", args)
	}
	trusting := told(apt.TrustArgs(true))
	for at := slices.Index(args, "-o"); at > 0; at = slices.Index(args, "-o") {
		args = slices.Delete(args, at, at+2)
	}
	if slices.Contains(args, "dist-upgrade") {
		return w.simulateUpgrade()
	}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if args[0] == "-o" {
			args = args[1:]
		}
		if args[0] == "--simulate" || args[0] == "--print-uris" {
			return w.simulate(args[0], packages)
		}
		args = args[1:]
	}
	switch args[0] {
	case "download":
		var errs []error
		for _, name := range packages {
			errs = append(errs, w.download(name))
		}
		return errors.Join(errs...)
	case "update":
		return os.Rename(filepath.Join(w.archive, "Packages"), filepath.Join(w.root, w.list()))
	case "install":
		if err := w.unchecked(packages, trusting); err != nil {
			return err
		}
		if slices.Contains(options, "APT::Status-Fd=1") {
			fmt.Print("dlstatus:1:50.0:Retrieving file 1 of 1\npmstatus:dpkg-exec:0.0:Running dpkg\n")
		}
		for _, name := range packages {
			coming, err := w.coming(append(leftOut(packages), name))
			if strings.HasSuffix(name, ".deb") {
				coming, err = []string{name}, nil
			}
			if err != nil {
				return err
			}
			for _, name := range coming {
				if err := w.install(name); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return fmt.Errorf("apt-get %q", args)
}

// typedByUser is apt-get as a user types it.
func (w *world) typedByUser(args []string) error {
	names := slices.DeleteFunc(slices.Clone(args[1:]), func(word string) bool { return strings.HasPrefix(word, "-") })
	switch args[0] {
	case "update":
		if _, err := os.Stat(filepath.Join(w.archive, "Packages")); errors.Is(err, os.ErrNotExist) {
			return nil // nothing is new
		}
		return os.Rename(filepath.Join(w.archive, "Packages"), filepath.Join(w.root, w.list()))
	case "download":
		text, err := os.ReadFile(filepath.Join(w.root, w.list()))
		if m := regexp.MustCompile(`(?m)^Package: ` + regexp.QuoteMeta(names[0]) + `\nVersion: (.*)$`).FindSubmatch(text); m != nil {
			names[0] += "=" + string(m[1])
		}
		return errors.Join(err, w.download(names[0]))
	case "install":
		for _, name := range names {
			if err := w.install(name); err != nil {
				return err
			}
		}
		return nil
	case "remove":
		return w.remove(names)
	case "autoremove": // everything is needed
		return nil
	}
	return fmt.Errorf("apt-get %q", args)
}

// remove takes packages out of dpkg's status.
func (w *world) remove(names []string) error {
	status, err := os.ReadFile(filepath.Join(w.root, "var/lib/dpkg/status"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.Contains("\n"+string(status), "\nPackage: "+name+"\n") {
			return errors.New("Unable to locate package " + name)
		}
	}
	paragraphs := slices.DeleteFunc(strings.SplitAfter(string(status), "\n\n"), func(text string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(text, "Package: "+name+"\n") })
	})
	return w.write("var/lib/dpkg/status", strings.Join(paragraphs, ""), 0o644)
}

// unchecked says of packages that a file of the archive's names what apt-get says where their archive is not signed.
func (w *world) unchecked(names []string, trusting bool) error {
	text, _ := os.ReadFile(filepath.Join(w.archive, "unsigned"))
	unsigned := strings.Fields(string(text))
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !slices.Contains(unsigned, name) })
	if len(names) == 0 {
		return nil
	}
	fmt.Printf("WARNING: The following packages cannot be authenticated!\n  %s\n", strings.Join(names, " "))
	if !trusting {
		return errors.New("There were unauthenticated packages and -y was used without --allow-unauthenticated")
	}
	return nil
}

// download leaves half a file where it is told to fail, as apt-get does when the network goes.
func (w *world) download(what string) error {
	name := strings.ReplaceAll(strings.Replace(what, "=", "_", 1), ":", "%3a") + "_all.deb"
	deb, err := os.ReadFile(filepath.Join(w.archive, name))
	if err != nil {
		return fmt.Errorf("Can't find a source to download %s", what)
	}
	if begins("apt-get download -- "+what, os.Getenv("FAIL")) {
		err = os.WriteFile(name, deb[:len(deb)/2], 0o644)
		return errors.Join(err, errors.New("Failed to fetch "+what+": Could not resolve 'example.org'"))
	}
	if err := os.WriteFile(name, deb, 0o644); errors.Is(err, syscall.ENOSPC) {
		return errors.New("Write error - write (28: No space left on device)")
	} else if err != nil {
		return err
	}
	return nil
}

// has: apt knows the kernels' headers, and of other packages those that no test wants missing.
func (w *world) has(name string) bool {
	release, headers := strings.CutPrefix(name, "linux-headers-")
	return headers && slices.Contains(w.kernels(), release) || !headers && !strings.HasPrefix(name, "missing-")
}

func (w *world) install(name string) error {
	if !w.has(name) {
		return errors.New("Unable to locate package " + name)
	}
	if strings.HasSuffix(name, ".deb") {
		needs, err := w.needsOf(name, []string{name})
		for _, need := range needs {
			if !strings.HasSuffix(need, "-modules-common") {
				err = errors.Join(err, w.install(need))
			}
		}
		return errors.Join(err, w.unpack(filepath.Join(w.root, name)))
	}
	if release, ok := strings.CutPrefix(name, "linux-headers-"); ok {
		return w.addHeaders(release)
	}
	if release, ok := strings.CutPrefix(name, "linux-image-"); ok {
		err := w.write("lib/modules/"+release+"/modules.builtin", "", 0o644)
		return errors.Join(err, w.add("var/lib/dpkg/status", fmt.Sprintf(statusFormat, name, "1.0")))
	}
	tool := name
	if name == "debhelper" {
		tool = "dh"
	}
	if err := w.write("usr/bin/"+tool, "", 0o755); err != nil {
		return err
	}
	return w.add("var/lib/dpkg/status", fmt.Sprintf(statusFormat, name, "1.0"))
}

func dpkg(w *world, args []string) error {
	if args[0] == "--print-architecture" {
		fmt.Println("amd64")
		return nil
	}
	if args[0] == "--audit" {
		return nil
	}
	if args[0] == "--purge" {
		return w.remove(args[slices.Index(args, "--")+1:])
	}
	var failed error
	for _, deb := range args[slices.Index(args, "--")+1:] {
		if refused := os.Getenv("REFUSED"); refused != "" && strings.HasPrefix(filepath.Base(deb), refused) {
			failed = fmt.Errorf("error processing archive %s", deb) // and dpkg goes on with the next
		} else if err := w.unpack(filepath.Join(w.root, deb)); err != nil {
			return err
		}
	}
	return failed
}

// unpack puts a package into dpkg's status, in the place of its older version.
func (w *world) unpack(deb string) error {
	r, err := debpkg.Open(deb)
	if err != nil {
		return err
	}
	defer r.Close()
	p := r.Control()
	status, err := os.ReadFile(filepath.Join(w.root, "var/lib/dpkg/status"))
	if err != nil {
		return err
	}
	paragraphs := slices.DeleteFunc(strings.SplitAfter(string(status), "\n\n"), func(text string) bool {
		return strings.HasPrefix(text, "Package: "+p.Get("Package")+"\n")
	})
	if err := w.noteFiles(p.Get("Package"), r); err != nil {
		return err
	}
	added := fmt.Sprintf(statusFormat, p.Get("Package"), p.Get("Version"))
	if source := p.Get("Source"); source != "" {
		added = strings.Replace(added, "\n", "\nSource: "+source+"\n", 1)
	}
	if own := p.Get(apt.UnauthenticatedField); own != "" { // dpkg keeps fields that it does not know
		added = strings.TrimSuffix(added, "\n") + apt.UnauthenticatedField + ": " + own + "\n\n"
	}
	return w.write("var/lib/dpkg/status", strings.Join(paragraphs, "")+added, 0o644)
}

// noteFiles writes dpkg's list of a package's files, as far as they are modules.
func (w *world) noteFiles(pkg string, r *debpkg.Reader) error {
	data, err := r.Data()
	if err != nil {
		return err
	}
	defer data.Close()
	var list strings.Builder
	for files := tar.NewReader(data); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return w.write("var/lib/dpkg/info/"+pkg+".list", list.String(), 0o644)
		}
		if err != nil {
			return err
		}
		if strings.Contains(h.Name, ".ko") { // the rest a script puts there itself, whose nobody knows
			fmt.Fprintln(&list, filepath.Join("/", h.Name))
		}
	}
}

func useradd(w *world, args []string) error {
	return w.add("etc/passwd", fmt.Sprintf("%s:x:%d:%[2]d::/nonexistent:/usr/sbin/nologin\n", args[len(args)-1], max(os.Geteuid(), 1)))
}
