// Package codec opens and writes the compressed streams that Debian uses: apt's lists, the members of a .deb, source tarballs.
// A stream is recognised by its first bytes, never by a file's name.
package codec

import "bytes"

// Format names a compression as dpkg-deb's -Z does; "none" is an uncompressed stream.
type Format string

// The formats that NewReader opens.
const (
	None  Format = "none"
	Gzip  Format = "gzip"
	Bzip2 Format = "bzip2"
	XZ    Format = "xz"
	LZMA  Format = "lzma"
	LZ4   Format = "lz4"
	Zstd  Format = "zstd"
)

var formats = []struct {
	format    Format
	magic     string
	extension string
}{
	{Gzip, "\x1f\x8b", ".gz"},
	{Bzip2, "BZh", ".bz2"},
	{XZ, "\xfd7zXZ\x00", ".xz"},
	{LZ4, "\x04\x22\x4d\x18", ".lz4"},
	{Zstd, "\x28\xb5\x2f\xfd", ".zst"},
	{LZMA, "\x5d\x00\x00", ".lzma"},
}

// Detect names the format of the stream that begins with head; six bytes are enough.
func Detect(head []byte) Format {
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return f.format
		}
	}
	return None
}

// Extension is what the format adds to a file's name: ".zst" for Zstd, nothing for None.
func (f Format) Extension() string {
	for _, known := range formats {
		if known.format == f {
			return known.extension
		}
	}
	return ""
}

// ByExtension names the format whose names end in extension (".zst"); "" is None. It reports whether there is one.
func ByExtension(extension string) (Format, bool) {
	for _, f := range formats {
		if f.extension == extension {
			return f.format, true
		}
	}
	return None, extension == ""
}
