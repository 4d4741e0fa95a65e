package firmware

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"

	"mago/kbuild/firmware/esl"
)

// ListName is a list of certificates and hashes in the firmware's variables.
type ListName string

const (
	DB      ListName = "db"      // what the firmware trusts
	DBX     ListName = "dbx"     // what it has revoked
	MOK     ListName = "MOK"     // what the machine's owner has enrolled, and the vendor's certificate that shim puts before it
	MOKX    ListName = "MOKX"    // what the owner has revoked
	MOKNew  ListName = "MokNew"  // "mokutil --import": asked for, until the next boot's blue screen
	MOKDel  ListName = "MokDel"  // "mokutil --delete"
	MOKXNew ListName = "MokXNew" // "mokutil --mokx --import"
	MOKXDel ListName = "MokXDel" // "mokutil --mokx --delete"
)

// places are the variables that a running system sees. MokList and MokListX themselves are closed to it: shim copies them to
// MokListRT and MokListXRT at each boot (shim, mok.c). mokutil writes the others for the next boot, readable by root only.
var places = []struct {
	list ListName
	guid esl.GUID
	name string
}{
	{DB, esl.Database, "db"},
	{DBX, esl.Database, "dbx"},
	{MOK, esl.Shim, "MokListRT"},
	{MOKX, esl.Shim, "MokListXRT"},
	{MOKNew, esl.Shim, "MokNew"},
	{MOKDel, esl.Shim, "MokDel"},
	{MOKXNew, esl.Shim, "MokXNew"},
	{MOKXDel, esl.Shim, "MokXDel"},
}

// List is what a variable holds.
type List struct {
	Known   bool // false where it cannot be read
	Entries []esl.Entry
}

// Certificates are a list's certificates, without those that Go cannot parse.
func (l List) Certificates() (all []*x509.Certificate) {
	for _, e := range l.Entries {
		if c, err := x509.ParseCertificate(e.Data); e.Type == esl.X509 && err == nil {
			all = append(all, c)
		}
	}
	return all
}

// has reports whether a list holds a certificate whole.
func (l List) has(c *x509.Certificate) bool {
	return l.holds(esl.Entry{Type: esl.X509, Data: c.Raw})
}

func (l List) holds(e esl.Entry) bool {
	return slices.ContainsFunc(l.Entries, func(o esl.Entry) bool { return o.Type == e.Type && bytes.Equal(o.Data, e.Data) })
}

// Lists reads all lists. What comes after a mistake in one is left out, as the kernel leaves it out.
func (m Machine) Lists() map[ListName]List {
	lists := map[ListName]List{}
	for _, p := range places {
		data, known := m.whole(p.guid, p.name)
		entries, _ := esl.Parse(data)
		lists[p.list] = List{known, entries}
	}
	return lists
}

// whole is a list, also where it was too long for one variable: the kernel has shim's lists whole; else what did not fit in
// MokListRT is in MokListRT1, MokListRT2 and so on (shim, mok.c).
func (m Machine) whole(guid esl.GUID, name string) (data []byte, known bool) {
	if guid != esl.Shim {
		return m.variable(guid, name)
	}
	if data, known := m.copied(name); known {
		return data, true
	}
	data, known = m.variable(guid, name)
	for i := 1; data != nil; i++ {
		more, _ := m.variable(guid, fmt.Sprint(name, i))
		if more == nil {
			break
		}
		data = slices.Concat(data, more)
	}
	return data, known
}
