package debpkg

import (
	"crypto/md5"
	"errors"
	"fmt"
	"io"
)

// What is read ahead of the archive is bounded, so that memory does not grow with the payload.
const (
	piecesAhead = 16
	pieceSize   = 256 << 10 // bytes
)

// piece is a part of a file on its way into an archive. A file's pieces follow each other: one that begins it, those
// with its contents, and for a regular file one with its checksum.
type piece struct {
	begins *File
	data   []byte
	sum    []byte // MD5
	err    error
}

// loader reads files and computes their checksums while the archive compresses those before.
type loader struct {
	pieces chan piece
	free   chan []byte // buffers that the archive is done with
	made   int         // buffers that there are
	quit   chan struct{}
}

func load(files []File) *loader {
	l := &loader{pieces: make(chan piece, piecesAhead), free: make(chan []byte, piecesAhead+2), quit: make(chan struct{})}
	go func() {
		defer close(l.pieces)
		for i := range files {
			if !l.send(piece{begins: &files[i]}) || !l.load(files[i]) {
				return
			}
		}
	}()
	return l
}

// close ends the reading, wherever it is.
func (l *loader) close() {
	close(l.quit)
	for range l.pieces {
	}
}

// send reports whether the archive still wants pieces.
func (l *loader) send(p piece) bool {
	select {
	case l.pieces <- p:
		return p.err == nil
	case <-l.quit:
		return false
	}
}

// load sends a file's contents and checksum, and reports whether to go on.
func (l *loader) load(f File) bool {
	if !f.regular() {
		return true
	}
	sum, err := l.contents(f)
	return l.send(piece{sum: sum, err: err})
}

// errQuit ends the reading of a file that is not wanted any more.
var errQuit = errors.New("the archive is not written on")

func (l *loader) contents(f File) (sum []byte, err error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	hash := md5.New()
	var size int64
	for err == nil {
		buf, ok := l.buffer()
		if !ok {
			return nil, errQuit
		}
		var n int
		n, err = io.ReadFull(r, buf)
		hash.Write(buf[:n])
		if size += int64(n); size <= f.Size && !l.send(piece{data: buf[:n]}) {
			return nil, errQuit
		}
	}
	switch {
	case err != io.EOF && err != io.ErrUnexpectedEOF:
		return nil, err
	case size != f.Size:
		return nil, fmt.Errorf("contents are not of the announced %d bytes", f.Size)
	}
	return hash.Sum(nil), nil
}

// buffer gives one that the archive has given back, makes one where there may be more, or waits for one.
func (l *loader) buffer() ([]byte, bool) {
	if len(l.free) == 0 && l.made < cap(l.free) {
		l.made++
		return make([]byte, pieceSize), true
	}
	select {
	case buf := <-l.free:
		return buf, true
	case <-l.quit:
		return nil, false
	}
}
