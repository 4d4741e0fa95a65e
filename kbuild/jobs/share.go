package jobs

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Share is what a build may use of the machine at a moment, for who watches its programs: not all of these ask for tokens.
type Share struct {
	Held  uint32 // tokens that it has now
	Cores uint32 // processors that it can count on
	First uint32 // the first of these, where every build is given other ones
}

// newShares makes the file in memory that tells a build's share.
func newShares() (*os.File, error) {
	fd, err := unix.MemfdCreate("share", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	return os.NewFile(uintptr(fd), "share"), nil
}

// ReadShare reads what a Client's Shares tells now.
func ReadShare(shares *os.File) (s Share, err error) {
	text := make([]byte, binary.Size(s))
	if _, err := shares.ReadAt(text, 0); err != nil {
		return s, err
	}
	_, err = binary.Decode(text, binary.NativeEndian, &s)
	return s, err
}

// publish tells the builds' shares where they have changed.
func (p *Pool) publish() {
	cores := uint32(p.share())
	for i, c := range p.clients {
		s := Share{uint32(c.held()), min(cores, uint32(c.most)), uint32(i) * cores}
		if s == c.told {
			continue
		}
		text, err := binary.Append(nil, binary.NativeEndian, s)
		if err == nil {
			_, err = c.shares.WriteAt(text, 0)
		}
		if err == nil {
			c.told = s
		}
	}
}
