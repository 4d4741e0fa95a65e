package engine

import "testing"

func TestPlace(t *testing.T) {
	here, there := System{}, System{Root: "/srv/a b", Cache: "/srv/a b/cache", AsRoot: true}
	own := System{Root: "/", Cache: "/home/a/mago"}
	bare := System{AsRoot: true, NoSudo: true, Root: "/srv/r"}
	for got, want := range map[string]string{
		here.Apt("remove", "x"):          "sudo apt-get remove x",
		here.Mago("purge", "x"):          "mago purge x",
		here.SudoMago("prepare"):         "sudo mago prepare",
		own.Mago("purge", "x"):           "mago purge x -u /home/a/mago",
		own.SudoMago("prepare", "./a b"): "sudo mago prepare './a b'",
		there.Apt("remove", "x", "^y."):  "sudo chroot '/srv/a b' apt-get remove x '^y.'",
		there.Program("dkms", "remove"):  "sudo chroot '/srv/a b' dkms remove",
		there.Mago("purge", "x"):         "sudo mago purge x -u '/srv/a b/cache' --root '/srv/a b'",
		bare.SudoMago("prepare"):         "mago prepare --root /srv/r",
		System{Kernels: []string{"6.1.*", "newest"}, Headers: []string{"/a b"}}.Prepare(): "sudo mago prepare -l '6.1.*,newest' -k '/a b'",
		bare.Apt("remove", "x"):                      "chroot /srv/r apt-get remove x",
		bare.ByRoot("modprobe", "x"):                 "modprobe x",
		bare.Fitted(`run "sudo mago x", or -S sudo`): `run "mago x", or -S sudo`,
		here.Fitted(`run "sudo mago x"`):             `run "sudo mago x"`,
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
