package engine

import "testing"

func TestPlace(t *testing.T) {
	here, there := System{}, System{Root: "/srv/a b", Cache: "/srv/a b/cache", AsRoot: true}
	own := System{Root: "/", Cache: "/home/a/mago"}
	for got, want := range map[string]string{
		here.apt("remove", "x"):          "sudo apt-get remove x",
		here.mago("purge", "x"):          "mago purge x",
		here.sudoMago("prepare"):         "sudo mago prepare",
		own.mago("purge", "x"):           "mago purge x -u /home/a/mago",
		own.sudoMago("prepare", "./a b"): "sudo mago prepare './a b'",
		there.apt("remove", "x", "^y."):  "sudo chroot '/srv/a b' apt-get remove x '^y.'",
		there.program("dkms", "remove"):  "sudo chroot '/srv/a b' dkms remove",
		there.mago("purge", "x"):         "sudo mago purge x -u '/srv/a b/cache' --root '/srv/a b'",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
