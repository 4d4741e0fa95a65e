package engine

import (
	"strings"
	"testing"
)

// TestUnitOutput: what programs of several units print at once stays in whole lines that name them, however it is written.
func TestUnitOutput(t *testing.T) {
	var to strings.Builder
	one, two := &unitOutput{to: &to, name: "zfs 6.1"}, &unitOutput{to: &to, name: "jool 6.1"}
	for _, part := range []string{"  CC ", "a.o\n\n  LD", " a.ko"} {
		for _, o := range []*unitOutput{one, two} {
			if n, err := o.Write([]byte(part)); n != len(part) || err != nil {
				t.Errorf("Write = %d, %v", n, err)
			}
		}
	}
	long := strings.Repeat("x", maxOutputLine)
	_, _ = two.Write([]byte(long))
	if err := one.Close(); err != nil || two.Close() != nil {
		t.Error(err)
	}
	want := "zfs 6.1:   CC a.o\nzfs 6.1: \njool 6.1:   CC a.o\njool 6.1: \njool 6.1:   LD a.ko" + long + "\nzfs 6.1:   LD a.ko\n"
	if got := to.String(); got != want {
		t.Errorf("got %.200q", got)
	}
}
