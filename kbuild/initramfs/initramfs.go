// Package initramfs lists what a kernel's initramfs holds, as lsinitramfs(8) does. It unpacks nothing.
package initramfs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"mago/debpkg/codec"
)

// maxUnpacked bounds what an image may unpack to, in bytes: some ten times that of one with all firmware.
const maxUnpacked = 4 << 30

// ErrEmpty says that an image holds no archive.
var ErrEmpty = errors.New("no archive")

// List calls each with the name of everything in an image, as it stands in the archives. An image is one cpio archive or
// several, with zeros between them; the last ones may be compressed together, in one stream
// (Documentation/driver-api/early-userspace/buffer-format.rst of Linux). Those before it have a processor's microcode, and on
// Debian 13 modules that are compressed each.
func List(image io.Reader, each func(name string)) error { return listUpTo(maxUnpacked, image, each) }

func listUpTo(most int64, image io.Reader, each func(string)) error {
	in := bufio.NewReader(image)
	compressed, err := archives(in, each)
	if err != nil || !compressed {
		return err
	}
	stream, format, err := decoder(in)
	if err != nil {
		return err
	}
	defer stream.Close()
	again, err := archives(bufio.NewReader(codec.Limit(stream, most)), each)
	if err == nil && again {
		err = errors.New("another compressed stream within")
	}
	if err != nil {
		return fmt.Errorf("%s stream: %w", format, err)
	}
	return nil
}

// decoder decodes a stream.
func decoder(in *bufio.Reader) (io.ReadCloser, codec.Format, error) {
	if head, _ := in.Peek(len(legacyMagic)); string(head) != legacyMagic {
		return codec.NewReader(in)
	}
	_, err := in.Discard(len(legacyMagic))
	return io.NopCloser(newLegacyLZ4(in)), codec.LZ4, err
}

func isCompressed(head []byte) bool {
	return codec.Detect(head) != codec.None || bytes.HasPrefix(head, []byte(legacyMagic))
}

// archives lists archives up to the end, or to a compressed stream.
func archives(in *bufio.Reader, each func(string)) (compressed bool, err error) {
	for n := 0; ; n++ {
		switch err := skipZeros(in); {
		case err == io.EOF && n == 0:
			return false, ErrEmpty
		case err == io.EOF:
			return false, nil
		case err != nil:
			return false, err
		}
		head, err := in.Peek(len(magic))
		switch {
		case err != nil && err != io.EOF:
			return false, err
		case isCompressed(head):
			return true, nil
		case !isArchive(head):
			return false, fmt.Errorf("archive %d: neither cpio nor compressed: %q", n+1, bytes.TrimRight(head, "\x00"))
		}
		if err := list(in, each); err != nil {
			return false, fmt.Errorf("archive %d: %w", n+1, err)
		}
	}
}

// skipZeros skips what fills the space between archives; it returns io.EOF where nothing follows.
func skipZeros(in *bufio.Reader) error {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return in.UnreadByte()
		}
	}
}
