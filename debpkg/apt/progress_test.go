package apt

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

func TestProgress(t *testing.T) {
	for line, want := range map[string]Progress{
		"dlstatus:1:20.5478:Retrieving file 2 of 14 (3s remaining)":        {Fetching, 20.5478, "Retrieving file 2 of 14 (3s remaining)"},
		"pmstatus:linux-headers-6.1.0-57-common:17:Unpacking it (amd64)":   {Installing, 17, "Unpacking it (amd64)"},
		"pmstatus:libc6:i386:100.0000:Installed libc6 (i386): all is well": {Installing, 100, "Installed libc6 (i386): all is well"},
		"pmstatus:make:later:Unpacking":                                    {}, "  dlstatus:1:2:x": {}, "Get:1 dlstatus:1:2:x": {}, "dlstatus:1:99999:x": {},
	} {
		if got, ok := parseProgress(line); got != want || ok != (want != Progress{}) {
			t.Errorf("%s: got %v, %v", line, got, ok)
		}
	}
}

// TestProgressHidesNothing: lines of progress stand in the middle of what apt says of signatures.
func TestProgressHidesNothing(t *testing.T) {
	var told []Progress
	var unchecked []string
	in := &Installer{Root: rooted.Root(testRoot(t, statusFile)), Progress: func(p Progress) { told = append(told, p) }, Unchecked: func(names, _ []string) { unchecked = names }}
	in.Query = func(*exec.Cmd) error { return nil }
	in.Run = func(cmd *exec.Cmd) error {
		if !strings.Contains(strings.Join(cmd.Args, " "), " -o APT::Status-Fd=1 ") {
			t.Errorf("ran %q", cmd.Args)
		}
		_, err := fmt.Fprint(cmd.Stdout, "WARNING: The following packages cannot be authenticated!\ndlstatus:1:0.0000:Retrieving file 1 of 2\n  one two\n  three\npmstatus:one:50:Unpacking one\n")
		return err
	}
	if err := in.FromApt(context.Background(), InstallOptions{}, []word.Target{change(t, "one", "", "").Package}, nil); err != nil {
		t.Fatal(err)
	}
	if want := []Progress{{Fetching, 0, "Retrieving file 1 of 2"}, {Installing, 50, "Unpacking one"}}; !slices.Equal(told, want) {
		t.Errorf("told %v", told)
	}
	if want := []string{"one", "two", "three"}; !slices.Equal(unchecked, want) {
		t.Errorf("unchecked: %q", unchecked)
	}
}
