package debian

import "testing"

func TestMagoError(t *testing.T) {
	if got := MagoError("building\nmago: first\nmago: hint: x\nmago: worst\nmago: hint: the log\n"); got != "worst" {
		t.Errorf("MagoError = %q", got)
	}
}
