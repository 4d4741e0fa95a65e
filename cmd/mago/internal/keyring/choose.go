package keyring

import "slices"

// Choose is the key that signs: the configured one, else mago's own, else one that another program has made, where enrolled says that
// the machine trusts it or is about to. dkms makes a key with the first module that it builds, whether or not anybody enrolls it.
func Choose(keys []Key, enrolled func(Key) bool) (Key, bool) {
	for _, origin := range []Origin{Configured, Own, DKMS, Shim} {
		i := slices.IndexFunc(keys, func(k Key) bool {
			return k.Origin == origin && (origin == Configured || origin == Own || enrolled(k))
		})
		if i >= 0 {
			return keys[i], true
		}
	}
	return Key{}, false
}

// Offer is the key that another program has made and that somebody may enroll in place of one of mago's own: lacks says that a
// machine wants it enrolled.
func Offer(keys []Key, lacks func(Key) bool) (Key, bool) {
	for _, origin := range []Origin{DKMS, Shim} {
		if i := slices.IndexFunc(keys, func(k Key) bool { return k.Origin == origin && lacks(k) }); i >= 0 {
			return keys[i], true
		}
	}
	return Key{}, false
}
