package recipe

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestBoundedLog(t *testing.T) {
	for name, test := range map[string]struct {
		writes []string
		want   string
	}{
		"below":     {[]string{"1234", "567"}, "1234567"},
		"exactly":   {[]string{"1234", "5678"}, "12345678"},
		"above":     {[]string{"1234", "56789", "more"}, "12345678\nmago: the log is cut here: the build printed more than 8 bytes\n"},
		"by one":    {[]string{"12345678", "9"}, "12345678\nmago: the log is cut here: the build printed more than 8 bytes\n"},
		"in one go": {[]string{"123456789"}, "12345678\nmago: the log is cut here: the build printed more than 8 bytes\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			log := &Log{to: &got, limit: 8}
			for _, text := range test.writes {
				if n, err := io.WriteString(log, text); n != len(text) || err != nil {
					t.Fatalf("wrote %d, %v", n, err)
				}
			}
			if got.String() != test.want || log.err != nil {
				t.Errorf("got %q, %v", got.String(), log.err)
			}
		})
	}
}

type full struct{ writes int }

func (f *full) Write([]byte) (int, error) { f.writes++; return 0, os.ErrClosed }

func TestBoundedLogRemembersError(t *testing.T) {
	f := &full{}
	log := &Log{to: f, limit: 8}
	for range 3 {
		if n, err := io.WriteString(log, "12345"); n != 5 || err != nil {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	if !errors.Is(log.err, os.ErrClosed) || f.writes != 1 {
		t.Errorf("got %v after %d writes", log.err, f.writes)
	}
}

func TestBoundedBuffer(t *testing.T) {
	b := &boundedBuffer{limit: 4}
	if _, err := io.WriteString(b, "1234"); err != nil || b.over {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := io.WriteString(b, "5"); !errors.Is(err, errTooLong) || !b.over || string(b.held) != "1234" {
		t.Errorf("above the limit: %v, %q", err, b.held)
	}
}
