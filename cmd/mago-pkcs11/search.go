package main

import (
	"crypto/x509"
	"slices"

	"mago/kbuild/signing/pkcs11"
)

// openToken is a token with a session.
type openToken struct {
	slot, session ulong
	info          tokenInfo
}

// candidate is what may be the key: an id that its objects share.
type candidate struct {
	openToken
	id    []byte
	label string
}

// tokens opens a session with each token that is wanted.
func (s *session) tokens(key pkcs11.Wanted) (all []openToken, err error) {
	slots, err := s.slots()
	if err != nil {
		return nil, err
	}
	var others []string
	for _, slot := range slots {
		info, err := s.token(slot)
		if err != nil || info.flags&initialised == 0 {
			continue // it has gone, or has nothing yet
		}
		if !key.Has(info.wanted()) {
			others = append(others, info.wanted().TokenName())
			continue
		}
		number, err := s.open(slot)
		if err != nil {
			return nil, err
		}
		all = append(all, openToken{slot, number, info})
	}
	if all == nil {
		return nil, &pkcs11.Error{Kind: pkcs11.NoToken, Others: others}
	}
	return all, nil
}

// search finds the key among the objects that tokens show without their PINs. Many hide private keys, and some public ones: then the
// certificates tell, of which those of issuers come last.
func (s *session) search(tokens []openToken, key pkcs11.Wanted) (candidate, error) {
	for _, kind := range kinds {
		var all []candidate
		for _, t := range tokens {
			some, err := s.candidates(t, kind, key)
			if err != nil {
				return candidate{}, err
			}
			all = append(all, some...)
		}
		switch {
		case len(all) == 1:
			return all[0], nil
		case len(all) > 1:
			return candidate{}, &pkcs11.Error{Kind: pkcs11.Several, Others: names(all)}
		}
	}
	return candidate{}, &pkcs11.Error{Kind: pkcs11.NoKey, Others: s.shown(tokens)}
}

// kind is what of a token's objects tells of keys.
type kind struct {
	class   ulong
	issuers bool // whether certificates that sign others count
}

// kinds begins with what tells most.
var kinds = []kind{{privateKey, true}, {publicKey, true}, {certificate, false}, {certificate, true}}

// candidates are the ids of a token's objects of a kind that are wanted.
func (s *session) candidates(t openToken, k kind, key pkcs11.Wanted) (all []candidate, err error) {
	objects, err := s.find(t.session, ofClass(k.class).of(aLabel, []byte(key.Object)).of(aID, key.ID))
	for _, object := range objects {
		c := candidate{t, s.attribute(t.session, object, aID), string(s.attribute(t.session, object, aLabel))}
		same := func(other candidate) bool { return string(other.id) == string(c.id) }
		if c.id == nil || slices.ContainsFunc(all, same) || !k.issuers && s.isIssuer(t.session, object) {
			continue
		}
		all = append(all, c)
	}
	return all, err
}

// isIssuer reports whether a certificate signs others.
func (s *session) isIssuer(session, object ulong) bool {
	c, err := x509.ParseCertificate(s.attribute(session, object, aValue))
	return err == nil && c.IsCA
}

// shown are the keys that tokens show.
func (s *session) shown(tokens []openToken) (all []string) {
	for _, t := range tokens {
		for _, k := range kinds {
			some, err := s.candidates(t, k, pkcs11.Wanted{})
			if err == nil && len(some) > 0 {
				all = append(all, names(some)...)
				break
			}
		}
	}
	return all
}

func names(all []candidate) (names []string) {
	for _, c := range all {
		w := pkcs11.Wanted{Token: c.info.wanted().Token, Object: c.label, ID: c.id}
		names = append(names, w.String())
	}
	slices.Sort(names)
	return names
}
