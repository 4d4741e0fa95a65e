package engine

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mago/cmd/mago/internal/store"
)

// TestFreshDir has somebody else put a link to a directory of his in the way, again and again, as anybody could in
// /tmp: what is given out is a directory of mago's own, or an error.
func TestFreshDir(t *testing.T) {
	dir, theirs := filepath.Join(t.TempDir(), "stage"), t.TempDir()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
				_ = os.Symlink(theirs, dir)
			}
		}
	}()
	for range 300 {
		if err := store.FreshDir(dir); err != nil {
			continue
		}
		if info, err := os.Lstat(dir); err != nil || info.Mode().Type() != fs.ModeDir {
			t.Errorf("got %v, %v", info.Mode(), err)
			break
		}
	}
	close(end)
	<-ended
}
