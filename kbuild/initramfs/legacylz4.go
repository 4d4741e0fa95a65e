package initramfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/pierrec/lz4/v4"
)

// Linux takes lz4's older format alone, that of lz4 -l: a magic number, then blocks, each with its compressed size before it and
// of 8 MiB but for the last (lib/decompress_unlz4.c; lz4_Frame_format.md, "Legacy frame").
const (
	legacyMagic = "\x02\x21\x4c\x18"
	legacyBlock = 8 << 20
)

// legacyLZ4 decodes that format.
type legacyLZ4 struct {
	in                 io.Reader // behind the magic number
	packed, block, out []byte    // out is what is left of the block
	last               bool
}

func newLegacyLZ4(in io.Reader) *legacyLZ4 {
	return &legacyLZ4{in: in, packed: make([]byte, lz4.CompressBlockBound(legacyBlock)), block: make([]byte, legacyBlock)}
}

func (l *legacyLZ4) Read(p []byte) (int, error) {
	for len(l.out) == 0 {
		if err := l.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

// next decodes the next block; a shorter one is the last.
func (l *legacyLZ4) next() error {
	var head [4]byte
	if _, err := io.ReadFull(l.in, head[:]); err != nil {
		return err
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size == 0 || int64(size) > int64(len(l.packed)) {
		return fmt.Errorf("a block of %d bytes", size)
	}
	if l.last {
		return errors.New("a block behind the last")
	}
	packed := l.packed[:size]
	if _, err := io.ReadFull(l.in, packed); err != nil {
		return io.ErrUnexpectedEOF
	}
	n, err := lz4.UncompressBlock(packed, l.block)
	l.out, l.last = l.block[:n], n < legacyBlock
	return err
}
