package kernel

import "fmt"

// HeadersError says that a kernel cannot be built for: its headers are missing, or a part of them is.
type HeadersError struct {
	Release string
	Dir     string // where they were found, "" where there are none
	Missing string // the file that is not there, or what is not in it
	Wrong   error  // what is wrong with them, nil where something is missing; a *word.Error is their compiler's name
}

func (e *HeadersError) Error() string {
	if e.Dir == "" {
		return "no headers for kernel " + e.Release
	}
	if e.Wrong != nil {
		return fmt.Sprintf("headers of kernel %s in %s %v", e.Release, e.Dir, e.Wrong)
	}
	return fmt.Sprintf("headers of kernel %s in %s are incomplete: no %s", e.Release, e.Dir, e.Missing)
}

// HeaderFileError says that a file of a kernel's headers is not one that is read.
type HeaderFileError struct {
	Path string // inside the root
	Why  string
}

func (e *HeaderFileError) Error() string { return fmt.Sprintf("kernel headers: %s %s", e.Path, e.Why) }

// RefusedError says that a kernel's headers are, or point at, a directory that builds may not see.
type RefusedError struct {
	Release, Dir string
	From         string // where Dir is named, such as "/usr/src/x/Makefile, line 1,"; "": it is the headers themselves
	Why          string
}

func (e *RefusedError) Error() string {
	if e.From == "" {
		return fmt.Sprintf("headers of kernel %s: builds may not see %s: %s", e.Release, e.Dir, e.Why)
	}
	return fmt.Sprintf("headers of kernel %s: builds may not see %s, which %s includes: %s", e.Release, e.Dir, e.From, e.Why)
}

// ArchError says that a kernel is for another kind of machine, whose modules cannot be compiled here: the programs among
// its headers are of that machine, and so is the compiler they call.
type ArchError struct{ Release, Option, Machine, Here string }

func (e *ArchError) Error() string {
	return fmt.Sprintf("kernel %s is for %s (%s=y), this machine is %s: cross-building is not supported", e.Release, e.Machine, e.Option, e.Here)
}
