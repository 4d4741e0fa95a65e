package apt

import (
	"regexp"
	"strconv"
)

// Progress is how far apt-get is.
type Progress struct {
	Stage   Stage
	Percent float64 // of the stage
	Doing   string  // in apt's words: "Unpacking make (amd64)"
}

// Stage is a part of apt-get's work.
type Stage string

// The stages, in their order; where everything is in apt's cache there is no fetching.
const (
	Fetching   Stage = "fetching"
	Installing Stage = "installing"
)

// tellingProgress has apt-get tell how far it is on its standard output, the only descriptor that sudo(8) does not close.
func (in *Installer) tellingProgress() []string {
	if in.Progress == nil {
		return nil
	}
	return []string{"-o", "APT::Status-Fd=1"}
}

// statusLine is a line of apt's: dlstatus:1:20.5:Retrieving file 2 of 14, or pmstatus:make:40.0:Unpacking make (amd64).
var statusLine = regexp.MustCompile(`^(dl|pm)status:.*?:(\d{1,3}(?:\.\d+)?):(.*)$`)

func parseProgress(line string) (p Progress, ok bool) {
	m := statusLine.FindStringSubmatch(line)
	if m == nil {
		return Progress{}, false
	}
	p = Progress{Stage: Fetching, Doing: m[3]}
	if m[1] == "pm" {
		p.Stage = Installing
	}
	p.Percent, _ = strconv.ParseFloat(m[2], 64) // by the pattern it is one
	return p, true
}
