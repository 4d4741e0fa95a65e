package dkms

import "testing"

// As dkms 2 read it: the first letter counts.
func TestRemakesInitrd(t *testing.T) {
	for value, want := range map[string]bool{"yes": true, "Yes": true, "y": true, "YES please": true, "no": false, "": false, "true": false} {
		c := &Conf{values: map[string]map[int]string{remakeInitrd: {0: value}}}
		if c.RemakesInitrd() != want {
			t.Errorf("%q: %v", value, !want)
		}
	}
}
