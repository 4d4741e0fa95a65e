package sweep

import (
	"os"
	"reflect"
	"testing"
)

func sample() row {
	return row{choice: choice{"a-dkms", "1:2-3", kindDKMS, "a", "6.1.0-1-amd64", "6.1.9-1"}, Recipe: "dkms.conf",
		Mago: &outcome{Result: built, Seconds: 3.6}, Size: 24001, Modules: []string{"a.ko"}, Install: &outcome{Result: installed},
		Loads: []answer{{Module: "a", Load: loaded}}, Peer: &outcome{Result: failed, Why: "a.c:1:1: error: x"}}
}

// What one run keeps another finds; a newer package or kernel, and a damaged file, are rows without results.
func TestRows(t *testing.T) {
	r, x := rows{t.TempDir()}, sample()
	if err := r.save(x); err != nil {
		t.Fatal(err)
	}
	if got := r.load(x.choice); !reflect.DeepEqual(got, x) {
		t.Errorf("load = %+v, want %+v", got, x)
	}
	newer := x.choice
	newer.KernelVersion = "6.1.9-2"
	if got := r.load(newer); got.Mago != nil || got.choice != newer {
		t.Errorf("another kernel package has the row %+v", got)
	}
	if err := os.Truncate(r.path(x.choice, ".json"), 40); err != nil {
		t.Fatal(err)
	}
	if got := r.load(x.choice); got.Mago != nil || got.choice != x.choice {
		t.Errorf("a damaged file gives %+v", got)
	}
}

func TestForget(t *testing.T) {
	broken, badLoad, badInstall, excluded := sample(), sample(), sample(), sample()
	broken.Mago = &outcome{Result: failed}
	badLoad.Loads = []answer{{Module: "a", Load: refused}}
	badInstall.Install = &outcome{Result: failed}
	excluded.Mago = &outcome{Result: notMeant}
	for name, c := range map[string]struct {
		row                              row
		fresh, retry, peers              bool
		mago, install, loads, peerRemain bool
	}{
		"resume":       {broken, false, false, true, true, true, true, true},
		"fresh":        {sample(), true, false, false, false, false, false, true},
		"fresh, peers": {sample(), true, false, true, false, false, false, false},
		"retry good":   {sample(), false, true, false, true, true, true, true},
		"retry failed": {broken, false, true, false, false, false, false, true},
		"retry peers":  {sample(), false, true, true, true, true, true, false},
		"retry load":   {badLoad, false, true, false, true, true, false, true},
		"retry dpkg":   {badInstall, false, true, false, true, false, true, true},
		"not meant":    {excluded, false, true, false, true, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.row.forget(c.fresh, c.retry, c.peers)
			has := []bool{got.Mago != nil, got.Install != nil, got.Loads != nil, got.Peer != nil}
			if want := []bool{c.mago, c.install, c.loads, c.peerRemain}; !reflect.DeepEqual(has, want) || got.choice != c.row.choice {
				t.Errorf("what remains of mago, dpkg, load, peer is %v, want %v", has, want)
			}
		})
	}
}
