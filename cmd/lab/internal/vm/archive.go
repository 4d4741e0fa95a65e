// Package vm boots in QEMU a kernel, or what a PC would, on an initramfs written here, and gives what it says on its serial line.
package vm

import (
	"bytes"
	"fmt"
)

// Archive is a cpio archive in the format newc, which the kernel unpacks as its first file system. The zero value is
// empty. What is added under a name that is there already is left out.
type Archive struct {
	buffer bytes.Buffer
	inode  int
	have   map[string]bool
}

// Dir adds directories, parents first.
func (a *Archive) Dir(names ...string) {
	for _, name := range names {
		a.add(name, 0o040755, nil)
	}
}

// File adds a file.
func (a *Archive) File(name string, content []byte, mode int) { a.add(name, 0o100000|mode, content) }

// Bytes ends the archive.
func (a *Archive) Bytes() []byte {
	a.add("TRAILER!!!", 0, nil)
	return a.buffer.Bytes()
}

func (a *Archive) add(name string, mode int, content []byte) {
	if a.have[name] {
		return
	}
	if a.have == nil {
		a.have = map[string]bool{}
	}
	a.have[name] = true
	a.inode++
	fmt.Fprintf(&a.buffer, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		a.inode, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0, name)
	a.pad()
	a.buffer.Write(content)
	a.pad()
}

func (a *Archive) pad() { a.buffer.Write(make([]byte, -a.buffer.Len()&3)) }
