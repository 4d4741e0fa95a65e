package main

import (
	"slices"
	"unsafe"
)

// Attributes of objects, and the values of the first.
const (
	aClass      = 0x0
	aLabel      = 0x3
	aValue      = 0x11
	aID         = 0x102
	aAlwaysAuth = 0x202 // CKA_ALWAYS_AUTHENTICATE: the PIN is to be given for each signature

	certificate = 1
	publicKey   = 2
	privateKey  = 3
)

// attribute is CK_ATTRIBUTE.
type attribute struct {
	kind   ulong
	value  unsafe.Pointer
	length ulong
}

// template are the attributes that objects are to have.
type template []attribute

// of adds an attribute, if it has a value.
func (t template) of(kind ulong, value []byte) template {
	if len(value) == 0 {
		return t
	}
	value = slices.Clone(value)
	return append(t, attribute{kind, unsafe.Pointer(&value[0]), ulong(len(value))})
}

func ofClass(class ulong) template {
	return template{{aClass, unsafe.Pointer(&class), ulong(unsafe.Sizeof(class))}}
}

// find finds the objects that have some attributes and may be seen.
func (m module) find(session ulong, t template) (all []ulong, err error) {
	if err := m.call(fFindObjectsInit, uintptr(session), uintptr(unsafe.Pointer(unsafe.SliceData(t))), uintptr(len(t))); err != nil {
		return nil, err
	}
	const most = 1000 // objects, which no token has
	for found := make([]ulong, 32); len(all) < most; {
		var n ulong
		err = m.call(fFindObjects, uintptr(session), uintptr(unsafe.Pointer(&found[0])), uintptr(len(found)), uintptr(unsafe.Pointer(&n)))
		if err != nil || n == 0 || n > ulong(len(found)) {
			break
		}
		all = append(all, found[:n]...)
	}
	if final := m.call(fFindObjectsFinal, uintptr(session)); err == nil {
		err = final
	}
	return all, err
}

// attribute reads an attribute of an object; nil where it has none, or shows none.
func (m module) attribute(session, object ulong, kind ulong) []byte {
	const most = 1 << 16
	a := []attribute{{kind: kind}}
	read := func() error {
		return m.call(fGetAttributeValue, uintptr(session), uintptr(object), uintptr(unsafe.Pointer(&a[0])), 1)
	}
	if read() != nil || a[0].length == 0 || a[0].length > most { // as the largest number, which says that it cannot be had, is
		return nil
	}
	value := make([]byte, a[0].length)
	a[0].value = unsafe.Pointer(&value[0])
	if read() != nil || a[0].length > ulong(len(value)) {
		return nil
	}
	return value[:a[0].length]
}
