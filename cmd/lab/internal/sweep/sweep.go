package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"mago/cmd/lab/internal/debian"
)

// sweep is one run. Two systems are used: dkms is never installed where mago works.
type sweep struct {
	options
	store      *debian.Store
	system     *debian.System
	peers      *debian.System // nil without -peers
	rows       rows
	choices    []choice // those that tables show
	tabled     []string // their kernels
	apt        sync.Mutex
	installing sync.Mutex
	peering    sync.Mutex
	telling    sync.Mutex
	stderr     io.Writer
}

func run(ctx context.Context, o options, stderr io.Writer) error {
	store, err := debian.OpenNamedStore("sweep-", o.release, io.Discard)
	if err != nil {
		return err
	}
	defer store.Close()
	s := &sweep{options: o, store: store, stderr: stderr, rows: rows{filepath.Join(store.Dir(), "rows")}}
	if s.out = o.tables(); s.reuse {
		s.rows.dir += "-reuse"
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	chosen, tabled, err := s.findKernels(ctx)
	if err != nil {
		return err
	}
	s.tabled = tabled
	if s.choices, err = s.findChoices(ctx, tabled); err != nil {
		return err
	}
	return s.all(ctx, chosen)
}

// prepare gives the systems the lists of today and mago of this source tree.
func (s *sweep) prepare(ctx context.Context) (err error) {
	fmt.Fprintln(s.stderr, "sweep: preparing a clean Debian", s.release)
	if s.system, err = s.store.Kept(ctx, "mago", nil, func(*debian.System) error { return nil }); err != nil {
		return err
	}
	if _, err = s.system.Deliver(ctx); err != nil {
		return err
	}
	if err = refresh(ctx, s.system); err != nil || !s.withPeers {
		return err
	}
	if s.peers, err = s.store.Kept(ctx, "peers", nil, func(sys *debian.System) error { return preparePeers(ctx, sys) }); err != nil {
		return err
	}
	return refresh(ctx, s.peers)
}

// refresh mends what a killed run has left half installed, and brings today's lists.
func refresh(ctx context.Context, sys *debian.System) error {
	if err := sys.Mend(ctx); err != nil {
		return err
	}
	_, err := sys.Run(ctx, "apt-get", "update")
	return err
}

// all works on what is wanted, several modules at a time.
func (s *sweep) all(ctx context.Context, kernels []string) error {
	var todo []choice
	for _, c := range s.choices {
		if wanted(c, kernels, s.only) {
			todo = append(todo, c)
		}
	}
	if s.reuse {
		return s.reuseAll(ctx, todo, kernels)
	}
	work := make(chan []choice)
	var workers sync.WaitGroup
	var failures []error
	var again []choice // those that were in another row's way
	for range max(s.jobs, 1) {
		workers.Go(func() {
			for group := range work {
				for _, c := range group {
					err := s.one(ctx, c)
					s.telling.Lock()
					if errors.Is(err, errLater) {
						again = append(again, c)
					} else {
						failures = append(failures, err)
					}
					s.telling.Unlock()
				}
			}
		})
	}
	for _, group := range byModule(todo) {
		if ctx.Err() == nil {
			work <- group
		}
	}
	close(work)
	workers.Wait()
	for _, c := range again {
		failures = append(failures, s.one(ctx, c))
	}
	return errors.Join(errors.Join(failures...), s.writeTable())
}

// one does what is missing of a row, and keeps every part of it as soon as it is known.
func (s *sweep) one(ctx context.Context, c choice) error {
	x := s.rows.load(c).forget(s.fresh, s.retry, s.withPeers)
	if err := os.MkdirAll(filepath.Dir(s.rows.path(c, ".log")), 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(s.rows.path(c, ".log"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	var failures []error
	for _, part := range s.parts() {
		if ctx.Err() != nil || !part.missing(x) {
			continue
		}
		if err := part.do(ctx, &x, log); err != nil {
			failures = append(failures, fmt.Errorf("%s for %s: %s: %w", c.Package, c.Kernel, part.name, err))
			continue
		}
		if err := s.rows.save(x); err != nil {
			return err
		}
		s.tell(x, part.name)
	}
	return errors.Join(errors.Join(failures...), s.writeTable())
}

// part is one step of a row.
type part struct {
	name    string
	missing func(row) bool
	do      func(context.Context, *row, *os.File) error
}

func (s *sweep) parts() []part {
	ready := func(x row) bool { return x.Mago != nil && x.Mago.Result == built }
	return []part{
		{"mago", func(x row) bool { return x.Mago == nil && s.withMago }, s.build},
		{"dpkg", func(x row) bool { return ready(x) && x.Install == nil }, func(ctx context.Context, x *row, log *os.File) error { return s.install(ctx, log, x) }},
		{"load", func(x row) bool { return ready(x) && x.Loads == nil && s.withLoad }, func(ctx context.Context, x *row, log *os.File) error { return s.load(ctx, log, x) }},
		{"peer", func(x row) bool { return x.Peer == nil && s.withPeers }, s.peer},
	}
}

// tell shows on the terminal how a part went.
func (s *sweep) tell(x row, part string) {
	words := map[string]string{"mago": x.Mago.words(), "dpkg": x.Install.words(), "load": loads(x.Loads), "peer": x.Peer.words()}[part]
	s.telling.Lock()
	defer s.telling.Unlock()
	fmt.Fprintf(s.stderr, "%s  %s  %s  %s\n", x.Kernel, x.Package, part, words)
}

// writeTable writes all that is known, by this run and earlier ones.
func (s *sweep) writeTable() error {
	var all []row
	for _, c := range s.choices {
		all = append(all, s.rows.load(c))
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	return replaceFile(s.out, []byte(table(s.release, s.tabled, all)))
}
