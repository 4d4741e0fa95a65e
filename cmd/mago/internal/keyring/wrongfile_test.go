package keyring

import "testing"

// What people name is told apart, whatever its bytes are. TestImport has openssl's files.
func FuzzCheckKeyFile(f *testing.F) {
	key, c := flat(f, "own")
	f.Add(key)
	f.Add(c.Raw)
	f.Add([]byte("\x30\x82\x09\xbf\x02\x01\x03\x30\x82\x09\x75\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := checkKeyFile("/k", text, ""); err != nil && keysIn(text) == 1 && !isPKCS12(text) {
			t.Error(err)
		}
	})
}
