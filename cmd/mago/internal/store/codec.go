package store

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"time"
)

// errCodec says that a text is not what encode wrote of that type.
var errCodec = errors.New("damaged text")

var timeType = reflect.TypeFor[time.Time]()

// encode appends a value made of the kinds of fields that Record has. Times lose their zone.
func encode(text []byte, v reflect.Value) []byte {
	switch {
	case v.Type() == timeType:
		t := v.Interface().(time.Time)
		return binary.AppendVarint(binary.AppendVarint(text, t.Unix()), int64(t.Nanosecond()))
	case v.Kind() == reflect.String:
		return append(binary.AppendUvarint(text, uint64(v.Len())), v.String()...)
	case v.Kind() == reflect.Bool:
		return append(text, map[bool]byte{true: 1}[v.Bool()])
	case v.CanInt():
		return binary.AppendVarint(text, v.Int())
	case v.CanUint():
		return binary.AppendUvarint(text, v.Uint())
	case v.CanFloat():
		return binary.AppendUvarint(text, math.Float64bits(v.Float()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			text = encode(text, v.Field(i))
		}
	case v.Kind() == reflect.Pointer && v.IsNil():
		return append(text, 0)
	case v.Kind() == reflect.Pointer:
		return encode(append(text, 1), v.Elem())
	default: // a slice
		text = binary.AppendUvarint(text, uint64(v.Len()))
		for i := range v.Len() {
			text = encode(text, v.Index(i))
		}
	}
	return text
}

// decoder takes values from what encode wrote. Its strings are parts of the text, so that thousands need no memory of their own.
type decoder struct {
	text string
	err  error
}

// number is the next one; 0 once the text has ended too early.
func (d *decoder) number() uint64 {
	for n, shift := uint64(0), 0; shift < 64 && shift/7 < len(d.text); shift += 7 {
		b := d.text[shift/7]
		if n |= uint64(b&0x7f) << shift; b < 0x80 {
			d.text = d.text[shift/7+1:]
			return n
		}
	}
	d.err = errCodec
	return 0
}

// signed undoes AppendVarint, which has the sign in the lowest bit.
func (d *decoder) signed() int64 {
	n := d.number()
	return int64(n>>1) ^ -int64(n&1)
}

// length is the number of bytes or values that follow, each of which takes a byte or more.
func (d *decoder) length() int {
	n := d.number()
	if n > uint64(len(d.text)) {
		d.err = errCodec
		return 0
	}
	return int(n)
}

func (d *decoder) string() string {
	n := d.length()
	s := d.text[:n]
	d.text = d.text[n:]
	return s
}

// into fills a zero value.
func (d *decoder) into(v reflect.Value) {
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(time.Unix(d.signed(), d.signed()).UTC()))
	case v.Kind() == reflect.String:
		v.SetString(d.string())
	case v.Kind() == reflect.Bool:
		v.SetBool(d.number() == 1)
	case v.CanInt():
		v.SetInt(d.signed())
	case v.CanUint():
		v.SetUint(d.number())
	case v.CanFloat():
		v.SetFloat(math.Float64frombits(d.number()))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			d.into(v.Field(i))
		}
	case v.Kind() == reflect.Pointer:
		if d.number() == 1 {
			v.Set(reflect.New(v.Type().Elem()))
			d.into(v.Elem())
		}
	default:
		if n := d.length(); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				d.into(v.Index(i))
			}
		}
	}
}
