package main

import (
	"cmp"
	"fmt"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"

	"mago/kbuild/signing/pkcs11"
)

// Types of PKCS #11 2.40 (pkcs11t.h): CK_ULONG is a C long, and structures are laid out as C lays them out.
type (
	ulong = uint
	code  ulong // CK_RV
)

// functions is CK_FUNCTION_LIST, by the places that pkcs11f.h gives its functions. It belongs to the module.
type functions struct {
	_   [2]byte // the version
	all [64]uintptr
}

const (
	fInitialize        = 0
	fGetSlotList       = 4
	fGetTokenInfo      = 6
	fOpenSession       = 12
	fCloseSession      = 13
	fLogin             = 18
	fGetAttributeValue = 24
	fFindObjectsInit   = 26
	fFindObjects       = 27
	fFindObjectsFinal  = 28
	fSignInit          = 42
	fSign              = 43
)

// module is a loaded and initialised PKCS #11 module.
type module struct{ *functions }

// load loads a module. The error is a *pkcs11.Error.
func load(path string) (m module, err error) {
	wrong := func(why string) error { return &pkcs11.Error{Kind: pkcs11.NoModule, What: why} }
	library, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		why := strings.TrimPrefix(err.Error(), path+": ")
		if path == pkcs11.Proxy {
			why += ` (apt install p11-kit-modules)`
		}
		return m, wrong(path + ": " + why)
	}
	list, err := purego.Dlsym(library, "C_GetFunctionList")
	if err != nil {
		return m, wrong(path + " is not one: it has no C_GetFunctionList")
	}
	got, _, _ := purego.SyscallN(list, uintptr(unsafe.Pointer(&m.functions)))
	if code(got) != 0 || m.functions == nil {
		return m, wrong(path + ": C_GetFunctionList: " + code(got).Error())
	}
	if err := m.call(fInitialize, 0); err != nil {
		return m, wrong(fmt.Sprintf("%s: C_Initialize: %v", path, err))
	}
	return m, nil
}

// call calls a function; the error is a code. Its arguments are numbers, and pointers to what stays where it is.
//
//go:uintptrescapes
func (m module) call(function int, args ...uintptr) error {
	got, _, _ := purego.SyscallN(m.all[function], args...)
	if code(got) == 0 {
		return nil
	}
	return code(got)
}

// tokenInfo is CK_TOKEN_INFO.
type tokenInfo struct {
	label, manufacturer [32]byte
	model, serial       [16]byte
	flags               ulong
	_                   [10]ulong // sessions, lengths of PINs, memory
	_                   [2][2]byte
	_                   [16]byte // the time
}

// Flags of a token.
const (
	loginRequired = 0x4
	ownKeys       = 0x100 // CKF_PROTECTED_AUTHENTICATION_PATH
	initialised   = 0x400
	pinCountLow   = 0x10000
	pinFinalTry   = 0x20000
	pinLocked     = 0x40000
)

func padded(field []byte) string { return strings.TrimRight(string(field), " \x00") }

// wanted is what the token is known by.
func (t *tokenInfo) wanted() pkcs11.Wanted {
	return pkcs11.Wanted{Token: padded(t.label[:]), Manufacturer: padded(t.manufacturer[:]), Model: padded(t.model[:]), Serial: padded(t.serial[:])}
}

// slots are those that have a token. A token may go between two calls, and another come: so there is room for more.
func (m module) slots() ([]ulong, error) {
	const present = 1
	var n ulong
	if err := m.call(fGetSlotList, present, 0, uintptr(unsafe.Pointer(&n))); err != nil {
		return nil, err
	}
	n += 8
	slots := make([]ulong, n)
	err := m.call(fGetSlotList, present, uintptr(unsafe.Pointer(&slots[0])), uintptr(unsafe.Pointer(&n)))
	return slots[:min(n, ulong(len(slots)))], err
}

func (m module) token(slot ulong) (t tokenInfo, err error) {
	err = m.call(fGetTokenInfo, uintptr(slot), uintptr(unsafe.Pointer(&t)))
	return t, err
}

func (m module) open(slot ulong) (session ulong, err error) {
	const serial = 4 // CKF_SERIAL_SESSION; without CKF_RW_SESSION nothing can be changed
	err = m.call(fOpenSession, uintptr(slot), serial, 0, 0, uintptr(unsafe.Pointer(&session)))
	return session, err
}

func (m module) login(session ulong, user uintptr, pin []byte) error {
	return m.call(fLogin, uintptr(session), user, uintptr(unsafe.Pointer(unsafe.SliceData(pin))), uintptr(len(pin)))
}

// sign signs by a mechanism that takes no parameters; before, between, is done after the operation has begun.
func (m module) sign(session, key, mechanism ulong, data []byte, between func() error) ([]byte, error) {
	how := struct{ mechanism, parameter, length ulong }{mechanism: mechanism}
	if err := m.call(fSignInit, uintptr(session), uintptr(unsafe.Pointer(&how)), uintptr(key)); err != nil {
		return nil, err
	}
	if err := between(); err != nil {
		return nil, err
	}
	out := make([]byte, 2048) // RSA with 16384 bits
	n := ulong(len(out))
	err := m.call(fSign, uintptr(session), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)), uintptr(unsafe.Pointer(&out[0])), uintptr(unsafe.Pointer(&n)))
	return out[:min(n, ulong(len(out)))], err
}

func (c code) Error() string { return cmp.Or(codes[c], fmt.Sprintf("CKR 0x%X", ulong(c))) }
