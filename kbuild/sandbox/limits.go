package sandbox

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"mago/debpkg/rooted"
)

// Limits bound what a build may take. A zero value is no limit.
type Limits struct {
	Time      time.Duration `json:"time,omitempty"`      // of a whole build; who runs the programs sees to it
	Memory    int64         `json:"memory,omitempty"`    // bytes, of all its processes together
	Shared    bool          `json:"-"`                   // whether Memory is the whole machine's, of which builds at the same time get their parts
	Processes int64         `json:"processes,omitempty"` // and threads, at one time
	Cores     int           `json:"cores,omitempty"`     // processors' time, as far as a control group sees to that
	Output    int64         `json:"output,omitempty"`    // bytes, of all that lies in the writable directory, and of what is printed
}

// LimitNames are the words that Set knows.
var LimitNames = []string{"time", "memory", "processes", "output"}

// DefaultLimits are far above what the largest of Debian's modules take: three quarters of the machine's memory, to be shared by
// builds at the same time, but no less than one gigabyte. root is where /proc lies.
func DefaultLimits(root string) Limits {
	l := Limits{Time: 6 * time.Hour, Processes: 4096, Output: 20 * gigabyte}
	if total := memoryOf(root); total > 0 {
		l.Memory, l.Shared = max(total/4*3/gigabyte*gigabyte, gigabyte), true
	}
	return l
}

const gigabyte = 1 << 30

// Among are the limits of each of so many builds at the same time: their part of the memory that they share, but no less than one
// gigabyte.
func (l Limits) Among(builds int) Limits {
	const megabyte = 1 << 20
	if l.Shared && builds > 1 {
		l.Memory = max(l.Memory/int64(builds)/megabyte*megabyte, gigabyte)
	}
	l.Shared = false
	return l
}

// memoryOf is the machine's memory in bytes, 0 where that is unknown.
func memoryOf(root string) int64 { return meminfo(root, "MemTotal") }

// meminfo adds figures of /proc/meminfo up, in bytes; what is not there is 0.
func meminfo(root string, names ...string) int64 {
	text, _ := rooted.Root(root).ReadFile("/proc/meminfo")
	return amounts(text, names...)
}

func amounts(text []byte, names ...string) (sum int64) {
	for line := range bytes.Lines(text) {
		if name, rest, _ := bytes.Cut(line, []byte(":")); slices.Contains(names, string(name)) {
			kilobytes, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64)
			sum += kilobytes << 10
		}
	}
	return sum
}

// Set takes one limit as a user writes it: memory=8G, time=90m, processes=none.
func (l *Limits) Set(word string) (err error) {
	name, value, ok := strings.Cut(word, "=")
	if !ok || !slices.Contains(LimitNames, name) {
		return fmt.Errorf("%q is not a limit; limits are %s=VALUE", word, strings.Join(LimitNames, "=VALUE, "))
	}
	switch name {
	case "time":
		l.Time, err = duration(value)
	case "memory":
		l.Memory, err = quantity(value, "KMGT")
		l.Shared = false
	case "processes":
		l.Processes, err = quantity(value, "")
	case "output":
		l.Output, err = quantity(value, "KMGT")
	}
	if err != nil {
		return fmt.Errorf("limit %s: %w", word, err)
	}
	return nil
}

// none lifts a limit.
const none = "none"

func duration(value string) (time.Duration, error) {
	if value == none {
		return 0, nil
	}
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q is neither a time such as 4h or 90m nor %q", value, none)
	}
	return d, nil
}

// quantity reads a number with one of the units, each 1024 times the one before.
func quantity(value, units string) (int64, error) {
	if value == none {
		return 0, nil
	}
	digits, factor := value, int64(1)
	if value != "" {
		if i := strings.IndexByte(units, value[len(value)-1]); i >= 0 {
			digits, factor = value[:len(value)-1], 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err == nil && n > 0 && n <= math.MaxInt64/factor:
		return n * factor, nil
	case units == "":
		return 0, fmt.Errorf("%q is neither a number above 0 nor %q", value, none)
	}
	return 0, fmt.Errorf("%q is neither a number of bytes such as 512M or 8G nor %q", value, none)
}

// Value is how a limit is written after its name.
func (l Limits) Value(name string) string {
	switch name {
	case "time":
		return shortTime(l.Time)
	case "memory":
		return shortSize(l.Memory)
	case "output":
		return shortSize(l.Output)
	}
	return strconv.FormatInt(l.Processes, 10)
}

func shortTime(d time.Duration) string {
	text := d.String()
	for _, nought := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, nought) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func shortSize(n int64) string {
	i := -1
	for ; i < 3 && n >= 1024 && n%1024 == 0; i++ {
		n /= 1024
	}
	if i < 0 {
		return strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10) + "KMGT"[i:i+1]
}

// Exceeded is the error of one of the limits.
func (l Limits) Exceeded(name string) *LimitError { return &LimitError{name, l.Value(name)} }
