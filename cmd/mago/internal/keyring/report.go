package keyring

import (
	"slices"
	"time"

	"mago/kbuild/firmware"
	"mago/kbuild/signing"
)

// Report is how the keys of a machine stand; its JSON is part of mago's interface.
type Report struct {
	Machine     Machine `json:"machine"`
	Keys        []State `json:"keys"`
	Retired     []Ended `json:"retired"`
	RootKeyHere bool    `json:"root_key_here"` // a root's private key waits unencrypted to be moved away
}

// State is how one key stands.
type State struct {
	Origin      Origin    `json:"origin"`
	Path        string    `json:"path"`
	Kind        string    `json:"kind"` // leaf or flat; "" where the certificate cannot be read, and so are the following
	Name        string    `json:"name"`
	Root        string    `json:"root"`
	Algorithm   string    `json:"algorithm"`
	Fingerprint string    `json:"fingerprint"` // SHA-1 of what is enrolled, as mokutil shows it
	SHA256      string    `json:"sha256"`      // of the certificate that signs
	From        time.Time `json:"from"`
	Until       time.Time `json:"until"` // the first end of its certificates
	Encrypted   bool      `json:"encrypted"`
	Revoked     bool      `json:"revoked"`
	Used        bool      `json:"used"`
	Lists       []string  `json:"lists"`  // of the firmware and shim that name one of its certificates
	Kernel      string    `json:"kernel"` // the running kernel's keyring that has it; "" for none or where that is not known
	Now         Verdict   `json:"loads_now"`
	Next        Verdict   `json:"loads_next_boot"`
	Error       string    `json:"error"` // why the key cannot be used

	Found    Found             `json:"-"`
	Standing firmware.Standing `json:"-"`
	Unread   bool              `json:"-"` // some of the lists that enroll certificates cannot be read
}

// Verdict says whether what a key signs loads, and why.
type Verdict struct {
	Loads string `json:"loads"` // yes, no, or unknown
	Why   string `json:"why"`
}

// Ended is a leaf that another one has followed.
type Ended struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"`
	SHA256      string    `json:"sha256"`
	Since       time.Time `json:"since"`
	Revoked     bool      `json:"revoked"`
}

// Report looks at all keys, the configured one among them, and at the machine. It changes nothing; what cannot be read it says.
func (s Store) Report(configured string, now time.Time) Report {
	machine, trust := lookAt(s.Root)
	r := Report{Machine: machine, Keys: []State{}, Retired: []Ended{}}
	for _, f := range Look(s.Root, s.Tokens, configured) {
		r.Keys = append(r.Keys, stateOf(f, trust, now))
	}
	if i := used(r.Keys); i >= 0 {
		r.Keys[i].Used = true
	}
	old, _ := s.Retired() // who may not read them is told so of the key
	for _, o := range old {
		r.Retired = append(r.Retired, Ended{signing.Name(o.Certificate), Fingerprint(o.Certificate), SHA256(o.Certificate), o.Since.UTC(), o.Revoked})
	}
	_, err := s.Root.Lstat(OfflineKey)
	r.RootKeyHere = err == nil
	return r
}

func stateOf(f Found, trust firmware.Trust, now time.Time) State {
	st := State{Origin: f.Origin, Path: f.Path, Encrypted: f.Encrypted, Revoked: f.Revoked, Lists: []string{}, Found: f}
	if f.Certificate == nil {
		st.Error = f.Err.Error()
		return st
	}
	if f.Err == nil {
		st.Found.Err = f.Usable(now)
	}
	if st.Found.Err != nil {
		st.Error = st.Found.Err.Error()
	}
	st.describe(f.Key)
	st.judge(trust.Of(f.Chain()...))
	st.Unread = slices.ContainsFunc([]firmware.ListName{firmware.DB, firmware.MOK, firmware.MOKNew}, func(n firmware.ListName) bool { return !trust.Lists[n].Known })
	return st
}

func (st *State) describe(k Key) {
	st.Kind, st.Name, st.Algorithm = "flat", signing.Name(k.Certificate), signing.Strength(k.Certificate)
	if k.Root != nil {
		st.Kind, st.Root = "leaf", signing.Name(k.Root)
	}
	st.Fingerprint, st.SHA256 = Fingerprint(k.Enrolled()), SHA256(k.Certificate)
	st.From, st.Until = k.Certificate.NotBefore.UTC(), k.Expires().UTC()
}

func (st *State) judge(s firmware.Standing) {
	st.Standing, st.Kernel = s, s.Ring
	for _, h := range s.Held {
		if name := string(h.List); !slices.Contains(st.Lists, name) {
			st.Lists = append(st.Lists, name)
		}
	}
	st.Now = Verdict{s.Now.Loads.String(), string(s.Now.Why)}
	st.Next = Verdict{s.Next.Loads.String(), string(s.Next.Why)}
}

// used is the key that a build signs with, -1 for none: a configured one or mago's own whatever is wrong with it.
func used(all []State) int {
	var keys []Key
	for _, st := range all {
		if st.Found.Certificate != nil || st.Origin == Configured || st.Origin == Own {
			keys = append(keys, st.Found.Key)
		}
	}
	chosen, ok := Choose(keys, func(k Key) bool {
		return slices.ContainsFunc(all, func(st State) bool { return st.Path == k.Path && st.Standing.IsEnrolled() })
	})
	if !ok {
		return -1
	}
	return slices.IndexFunc(all, func(st State) bool { return st.Origin == chosen.Origin })
}

// Usable says why the key must not sign at a time: it is revoked, or its dates do not fit. The error is an *Error.
func (k Key) Usable(now time.Time) error {
	if k.Revoked {
		return &Error{k.Path, &RevokedError{k.Certificate}}
	}
	return k.CheckDates(now)
}

// EndsSoon reports whether a key that is valid has to be renewed within Soon.
func (st State) EndsSoon(now time.Time) bool {
	return st.Kind != "" && st.Until.After(now) && st.Until.Sub(now) < Soon
}
