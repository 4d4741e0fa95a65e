// Package esl reads and writes EFI signature lists, which db, dbx and shim's lists consist of, and writes the authenticated
// variables that enroll them (UEFI 2.10, 32.4.1 and 8.2.2). It reads no variables: kbuild/firmware does.
package esl

import (
	"encoding/binary"
	"fmt"
)

// Entry is one signature of a list.
type Entry struct {
	Type  GUID
	Owner GUID   // who has put it there
	Data  []byte // a certificate in DER, a hash, or a hash and a time, as Type says
}

// A list begins with its type and three sizes: of the list, of a header, of each entry, which includes its owner.
const (
	listHeader = 16 + 3*4
	ownerSize  = 16
)

// Parse reads signature lists up to their end. With an error it returns the entries before the mistake, which Linux uses, too
// (security/integrity/platform_certs/efi_parser.c). The entries share data's memory.
func Parse(data []byte) (entries []Entry, err error) {
	for at := 0; at < len(data); {
		list, err := firstList(data[at:])
		if err != nil {
			return entries, fmt.Errorf("parse EFI signature list: byte %d: %w", at, err)
		}
		entries = append(entries, list.entries()...)
		at += list.size
	}
	return entries, nil
}

// list is one list with a type and a size for all of its entries.
type list struct {
	kind  GUID
	size  int // of all of it
	entry int // size of one entry
	body  []byte
}

func firstList(data []byte) (l list, err error) {
	if len(data) < listHeader {
		return l, fmt.Errorf("%d bytes are too few for a list", len(data))
	}
	sizes := [3]uint64{}
	for i := range sizes {
		sizes[i] = uint64(binary.LittleEndian.Uint32(data[16+4*i:]))
	}
	size, header, entry := sizes[0], sizes[1], sizes[2]
	if size > uint64(len(data)) {
		return l, fmt.Errorf("a list of %d bytes in %d", size, len(data))
	}
	if size < listHeader+header || entry < ownerSize || size-listHeader-header < entry || (size-listHeader-header)%entry != 0 {
		return l, fmt.Errorf("a list of %d bytes does not consist of a header of %d and entries of %d", size, header, entry)
	}
	return list{kind: GUID(data[:16]), size: int(size), entry: int(entry), body: data[listHeader+header : size]}, nil
}

func (l list) entries() (entries []Entry) {
	for at := 0; at < len(l.body); at += l.entry {
		one := l.body[at : at+l.entry : at+l.entry]
		entries = append(entries, Entry{Type: l.kind, Owner: GUID(one[:ownerSize]), Data: one[ownerSize:]})
	}
	return entries
}

// Encode writes entries as lists. Each certificate gets a list of its own, as cert-to-efi-sig-list and mokutil write them;
// neighbouring hashes of one type share one.
func Encode(entries ...Entry) (data []byte) {
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && fits(entries[0], entries[n]) {
			n++
		}
		data = appendList(data, entries[:n])
		entries = entries[n:]
	}
	return data
}

func fits(a, b Entry) bool {
	return a.Type != X509 && a.Type == b.Type && len(a.Data) == len(b.Data)
}

// appendList writes entries of one type and one size.
func appendList(data []byte, entries []Entry) []byte {
	size := ownerSize + len(entries[0].Data)
	data = append(data, entries[0].Type[:]...)
	data = binary.LittleEndian.AppendUint32(data, uint32(listHeader+size*len(entries)))
	data = binary.LittleEndian.AppendUint32(data, 0)
	data = binary.LittleEndian.AppendUint32(data, uint32(size))
	for _, e := range entries {
		data = append(append(data, e.Owner[:]...), e.Data...)
	}
	return data
}
