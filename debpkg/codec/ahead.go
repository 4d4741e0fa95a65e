package codec

import (
	"io"
	"sync"
)

// Ahead reads r in a goroutine of its own, a little before it is asked: decoding takes one processor then, and what is made of it
// another. Nobody else reads r before Close, which stops and awaits the goroutine, and leaves r open.
func Ahead(r io.Reader) io.ReadCloser {
	a := &ahead{filled: make(chan block, aheadBlocks), stop: make(chan struct{})}
	a.reading.Go(func() { a.fill(r) })
	return a
}

// What is read ahead: the blocks that wait, beside the one that is being filled and the one that is being used.
const (
	aheadBlocks = 4
	aheadBytes  = 128 << 10
)

type ahead struct {
	filled  chan block
	stop    chan struct{}
	stopped sync.Once
	reading sync.WaitGroup
	now     block
}

// block is a part of the stream, and the error that came with its end.
type block struct {
	text []byte
	err  error
}

// fill fills the blocks in turn: when one's turn comes again, Read has done with it.
func (a *ahead) fill(r io.Reader) {
	var blocks [aheadBlocks + 2][]byte
	for i := 0; ; i++ {
		b := &blocks[i%len(blocks)]
		if *b == nil {
			*b = make([]byte, aheadBytes)
		}
		n, err := 0, error(nil)
		for n < aheadBytes && err == nil {
			var read int
			read, err = r.Read((*b)[n:])
			n += read
		}
		select {
		case a.filled <- block{(*b)[:n], err}:
		case <-a.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.now.text) == 0 {
		if a.now.err != nil {
			return 0, a.now.err
		}
		a.now = <-a.filled
	}
	n := copy(p, a.now.text)
	a.now.text = a.now.text[n:]
	return n, nil
}

func (a *ahead) Close() error {
	a.stopped.Do(func() { close(a.stop) })
	a.reading.Wait()
	return nil
}
