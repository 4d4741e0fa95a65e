package keyring

// EnrolledFile is the file, inside the root, that mokutil takes to enroll the key's certificate: DER. It is "" for a key that somebody
// has named, whose certificate may lie anywhere.
func (k Key) EnrolledFile() string {
	return map[Origin]string{Own: MOK, DKMS: "/var/lib/dkms/mok.pub", Shim: "/var/lib/shim-signed/mok/MOK.der"}[k.Origin]
}
