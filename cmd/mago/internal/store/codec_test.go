package store

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

type unitRecords struct {
	ID      ID
	Records []Record
}

// TestDecodeDamaged: a text that ends too early, or counts more than it has, is damaged.
func TestDecodeDamaged(t *testing.T) {
	units := []unitRecords{{ID{"hello", "6.1"}, []Record{{Module: "hello", Started: time.Unix(1700000000, 0), Modules: []string{"a", "b"}}}}}
	text := string(encode(nil, reflect.ValueOf(units)))
	damaged := []string{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + text}
	for i := range text {
		damaged = append(damaged, text[:i])
	}
	for _, text := range damaged {
		var got []unitRecords
		d := decoder{text: text}
		if d.into(reflect.ValueOf(&got).Elem()); !errors.Is(d.err, errCodec) {
			t.Errorf("%q: %v", text, d.err)
		}
	}
}
