package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
)

// exitNoSpace is mago's exit code for a full disk.
const exitNoSpace = 15

// disk is a place that fills up while mago works.
type disk struct {
	mounted
	args   []string
	places places
	most   int64                       // bytes that are free at most
	before func(context.Context) error // with room enough; nil: nothing
}

func (m *machine) newDisks() []*disk {
	at := func(dir string, keep bool) mounted { return mounted{m.System, dir, keep} }
	other := places{"/srv/full", "/srv/full/debs"}
	dest := places{usual.cache, "/srv/debs"}
	return []*disk{
		{at(usual.cache, false), []string{"a-b", "-f", "v4l2loopback"}, usual, 2 << 20, nil},
		{at(other.cache, false), []string{"-u", other.cache, "a-b", "-f", "xtrx"}, other, 2 << 20, nil},
		{at(other.cache, false), []string{"-u", other.cache, "a-b", "-f", local}, other, 600 << 10, nil},
		{at(dest.dest, true), []string{"--dest", dest.dest, "a-b", "-f", "xtrx"}, dest, 48 << 10, nil},
		{at("/tmp", false), []string{"a-b", "-f", "acpi-call"}, usual, 64 << 10, nil},
		{at("/var/lib/dpkg", true), []string{"a-i", "-f", "xtrx"}, usual, 512 << 10, nil},
		{at("/lib/modules/"+m.kernel+"/updates", true), []string{"a-i", "-f", "v4l2loopback"}, usual, 120 << 10, nil},
		{at("/var/cache/mago/downloads", true), []string{"get", "-f", "xtrx", "acpi-call"}, usual, 60 << 10, nil},
		{at(other.cache, false), []string{"-u", other.cache, "a-b", local, "xtrx"}, other, 100 << 10, m.toSignAnew("-u", other.cache, local, "xtrx")},
		{at(keys, true), []string{"key", "rotate"}, usual, 14 << 10, m.withRoot},
		{at(keys, true), []string{"key", "new", "-f"}, usual, 20 << 10, nil},
		{at(keys, true), []string{"key", "new", "-f", "--passphrase-file", secretFile}, usual, 20 << 10, nil},
		{at(keys, true), []string{"key", "revoke"}, usual, 8 << 10, m.toRevoke},
		{at(keys, true), importing, usual, 12 << 10, m.toImport},
		{at(requests, false), request, usual, 30 << 10, m.toRequest},
		{at(requests, false), []string{"sign", requests}, usual, 16 << 10, m.toSign},
		{at(other.cache, false), []string{"-u", other.cache, "sign", "--attach", requests}, other, 60 << 10, m.toAttach("-u", other.cache)},
	}
}

// full has a command run with too little room in one of its places, and then again with enough.
func (s *soaking) full(ctx context.Context, dice *rand.Rand, t *tally) (told string, found []finding, err error) {
	d := s.places[dice.IntN(len(s.places))]
	free := dice.Int64N(d.most)
	err = d.with(func() error {
		if d.before != nil {
			if err := d.before(ctx); err != nil {
				return err
			}
		}
		if err := d.leave(free); err != nil {
			return err
		}
		first := s.mago(ctx, d.args...)
		t.note(first.String())
		told = fmt.Sprintf("mago %s: %d kB free in %s: %v", strings.Join(d.args, " "), free>>10, d.dir, first)
		if first.code != 0 && (first.code != exitNoSpace || !strings.Contains(first.said, "hint: free some space")) {
			found = append(found, finding{lost, "not one word of a full disk: " + first.said})
		}
		found = append(append(found, s.settled()...), s.damaged(d.places)...)
		if err := d.leave(1 << 30); err != nil {
			return err
		}
		again, more := s.again(ctx, t, d.places, d.args...)
		told, found = told+"; again: "+again, append(found, more...)
		return nil
	})
	return told, found, err
}
