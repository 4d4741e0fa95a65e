package sandbox

import "testing"

func TestMapsOne(t *testing.T) {
	for text, want := range map[string]bool{
		"         0          0 4294967295\n":         false,
		"         0       1000          1\n":         true,
		"         0 1000 1\n         1 100000 65536": false,
		"": false,
	} {
		if got := mapsOne(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}
