package apt

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"mago/debpkg/rooted"
	"mago/debpkg/word"
)

// TestFromAptLeavesDKMSOut has apt-get take what else will do, and nothing where nothing does.
func TestFromAptLeavesDKMSOut(t *testing.T) {
	for _, test := range []struct {
		name    string
		answers []string // to one simulation after the other; "" has it refuse
		ran     string   // how the words of the installation end
		refused []string
	}{
		{"nothing of the kind", []string{"Inst more (1 x [all])\nInst dh-dkms (1 x [all])"}, "-- more", nil},
		{"others do", []string{"Inst dkms (1 x [all])\nInst x-dkms (1 x [all])", "Inst x-modules (1 x [all])"}, "-- more dkms- x-dkms-", nil},
		{"the others want some, too", []string{"Inst dkms (1 x [all])", "Inst y-dkms (1 x [all])", "Inst zz (1 x [all])"}, "-- more dkms- y-dkms-", nil},
		{"no others", []string{"Inst dkms (1 x [all])\nInst x-dkms (1 x [all])", ""}, "", []string{"dkms", "x-dkms"}},
		{"an update of one that is there", []string{"Inst x-dkms [1] (2 x [all])"}, "", []string{"x-dkms"}},
		{"one that is asked for", []string{"Inst more (1 x [all])\nInst more-dkms (1 x [all])"}, "", []string{"more-dkms"}},
		{"it goes", []string{"Remv x-dkms [1]"}, "-- more", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked, ran := 0, ""
			in := &Installer{
				Root: rooted.Root(testRoot(t, statusFile)), Run: func(cmd *exec.Cmd) error { ran = strings.Join(cmd.Args, " "); return nil },
				Query: func(cmd *exec.Cmd) error {
					answer := test.answers[asked]
					asked++
					if answer == "" {
						return errors.New("exit status 100")
					}
					_, err := fmt.Fprintln(cmd.Stdout, answer)
					return err
				},
			}
			packages := []word.Target{{Name: word.Must(word.ParsePackage("more"))}}
			if strings.HasPrefix(test.name, "one that is asked") {
				packages = append(packages, word.Target{Name: word.Must(word.ParsePackage("more-dkms"))})
			}
			err := in.FromApt(t.Context(), InstallOptions{}, packages, nil)
			var refused *DKMSError
			errors.As(err, &refused)
			if err != nil && (refused == nil || !slices.Equal(refused.Packages, test.refused)) || err == nil && test.refused != nil {
				t.Errorf("err = %v", err)
			}
			if !strings.HasSuffix(ran, test.ran) || test.ran == "" && ran != "" {
				t.Errorf("ran %q", ran)
			}
		})
	}
}
