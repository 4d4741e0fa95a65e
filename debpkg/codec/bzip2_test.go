package codec

import (
	"slices"
	"testing"
)

// TestBzip2Bits: with any bit of a stream turned over, bzip2's verdict is the reader's, a code table in it that is not whole among
// them.
func TestBzip2Bits(t *testing.T) {
	whole := compressed(t, Bzip2, []string{"bzip2", "-c"}, []byte("short\n"))
	needsProgram(t, "bzip2")
	for i := range 8 * len(whole) {
		in := slices.Clone(whole)
		in[i/8] ^= 0x80 >> (i % 8)
		if Detect(in) != Bzip2 {
			continue
		}
		got, _, err := decoded(in)
		want, complaint, theirs := byProgram(t, Bzip2, in, 1<<20)
		switch {
		case err == nil && (theirs != nil || string(got) != string(want)):
			t.Errorf("bit %d: %q, by bzip2 %q, %v", i, got, want, theirs)
		case err != nil && theirs == nil && !stricter(in, err, complaint):
			t.Errorf("bit %d: %v, by bzip2 %q", i, err, want)
		}
	}
}
