package kernel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mago/debpkg/codec"
)

// Config holds a kernel's .config: CONFIG_X without quotes; an option that is not set is missing.
type Config map[string]string

// ParseConfig reads a .config.
func ParseConfig(text []byte) Config {
	config := Config{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && strings.HasPrefix(name, "CONFIG_") {
			config[name] = strings.Trim(value, `"`)
		}
	}
	return config
}

// sum is the SHA-256 of all options, in hexadecimal digits.
func (c Config) sum() string {
	sum := sha256.New()
	for _, option := range slices.Sorted(maps.Keys(c)) {
		fmt.Fprintf(sum, "%s=%s\n", option, c[option])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (c Config) compression() codec.Format {
	for option, format := range map[string]codec.Format{
		"CONFIG_MODULE_COMPRESS_GZIP": codec.Gzip,
		"CONFIG_MODULE_COMPRESS_XZ":   codec.XZ,
		"CONFIG_MODULE_COMPRESS_ZSTD": codec.Zstd,
	} {
		if c[option] == "y" {
			return format
		}
	}
	return codec.None
}
