package dkms

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"mago/debpkg/word"
)

// format numbers the JSON below. A Conf that was kept in another one is evaluated again.
const format = 2

// kept is a Conf as JSON. Directives maps each directive that the file set to its values by index; a scalar has index 0.
// parallel_jobs and build_environment among them are the administrator's, from framework.conf.
type kept struct {
	Format     int                        `json:"format"`
	Name       string                     `json:"name"`    // PACKAGE_NAME
	Version    string                     `json:"version"` // PACKAGE_VERSION, or what stands for a placeholder
	Directives map[string]map[int]string  `json:"directives"`
	Verdicts   map[string]map[int]verdict `json:"verdicts"`           // exit statuses of =~
	Misspelt   []string                   `json:"misspelt,omitempty"` // see Misspelt
	Said       string                     `json:"said,omitempty"`     // what was printed during the evaluation
}

// Encode gives the Conf as JSON for Decode. It refuses values that are not UTF-8, which JSON cannot hold.
func (c *Conf) Encode() ([]byte, error) {
	for name, values := range c.values {
		for _, value := range values {
			if !utf8.ValidString(value) {
				return nil, fmt.Errorf("keep dkms.conf: %s is not UTF-8", name)
			}
		}
	}
	text, err := json.MarshalIndent(kept{format, c.Name, c.Version, c.values, c.verdicts, c.Misspelt, strings.ToValidUTF8(c.Said, "\uFFFD")}, "", "\t")
	return append(text, '\n'), err
}

// Decode reads what Encode gave, and checks it as Parse does.
func Decode(text []byte) (*Conf, error) {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("read kept dkms.conf: %w", err)
	}
	if k.Format != format {
		return nil, errors.New("read kept dkms.conf: it has another format")
	}
	c := &Conf{Said: k.Said, values: k.Directives, verdicts: k.Verdicts, Misspelt: k.Misspelt}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("read kept dkms.conf: %w", err)
	}
	if c.Placeholder() {
		c.Version = k.Version
	}
	if _, err := word.ParseDKMS(c.Version); err != nil {
		return nil, fmt.Errorf("read kept dkms.conf: %w", err)
	}
	return c, nil
}

// Moved gives the Conf with every path below one directory put below another.
func (c *Conf) Moved(from, to string) *Conf {
	moved := *c
	moved.values = map[string]map[int]string{}
	for name, values := range c.values {
		for i, value := range values {
			set(moved.values, name, i, strings.ReplaceAll(value, from, to))
		}
	}
	return &moved
}
