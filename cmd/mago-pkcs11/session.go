package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"mago/kbuild/signing/pkcs11"
)

// session is a session with the token that has the key.
type session struct {
	module
	slot    ulong
	number  ulong
	keyID   []byte
	private ulong // the key, once the PIN is given
	pin     []byte
	always  bool // whether the PIN is to be given for each signature
	pad     bool
}

func (s *session) answer(q pkcs11.Request, reply *pkcs11.Reply) error {
	switch {
	case q.Op == pkcs11.OpOpen && s.functions == nil:
		return s.begin(q, reply)
	case q.Op == pkcs11.OpLogin && s.keyID != nil && s.private == 0:
		return s.logIn(q.PIN)
	case q.Op == pkcs11.OpSign && s.private != 0:
		var err error
		reply.Signature, err = s.sign(q.Data)
		return err
	}
	return fmt.Errorf("%q is not to be asked now", q.Op)
}

// begin opens a session with the token that has the key, and reads its certificates.
func (s *session) begin(q pkcs11.Request, reply *pkcs11.Reply) (err error) {
	if s.module, err = load(q.Module); err != nil {
		return err
	}
	all, err := s.tokens(q.Key)
	if err != nil {
		return err
	}
	found, err := s.search(all, q.Key)
	if err != nil {
		return err
	}
	s.slot, s.number, s.keyID = found.slot, found.session, found.id
	s.pad = found.info.flags&ownKeys != 0
	reply.Token, reply.PIN = found.info.wanted(), wants(found.info.flags)
	return s.certificates(reply)
}

// wants says who gives the PIN.
func wants(flags ulong) pkcs11.PIN {
	switch {
	case flags&loginRequired == 0:
		return pkcs11.PINNone
	case flags&ownKeys != 0:
		return pkcs11.PINPad
	}
	return pkcs11.PINAsked
}

// certificates reads the certificates of the token: first that of the key.
func (s *session) certificates(reply *pkcs11.Reply) error {
	objects, err := s.find(s.number, ofClass(certificate))
	if err != nil {
		return err
	}
	for _, object := range objects {
		der := s.attribute(s.number, object, aValue)
		switch {
		case der == nil:
		case reply.Certificate == nil && bytes.Equal(s.attribute(s.number, object, aID), s.keyID):
			reply.Certificate = der
		case len(reply.Others) < 32:
			reply.Others = append(reply.Others, der)
		}
	}
	if reply.Certificate == nil {
		return &pkcs11.Error{Kind: pkcs11.NoCertificate}
	}
	return nil
}

const (
	user        = 1 // CKU_USER
	thisContext = 2 // CKU_CONTEXT_SPECIFIC
)

// logIn gives the PIN, if the token wants one, and finds the private key.
func (s *session) logIn(pin []byte) error {
	token, err := s.token(s.slot)
	if err != nil {
		return s.lost(err)
	}
	if token.flags&pinLocked != 0 {
		return &pkcs11.Error{Kind: pkcs11.Locked}
	}
	if token.flags&loginRequired != 0 {
		if err := s.give(user, pin); err != nil {
			return err
		}
	}
	found, err := s.find(s.number, ofClass(privateKey).of(aID, s.keyID))
	switch {
	case err != nil:
		return s.lost(err)
	case len(found) == 0:
		return &pkcs11.Error{Kind: pkcs11.NoKey}
	case len(found) > 1:
		return &pkcs11.Error{Kind: pkcs11.Several}
	}
	always := s.attribute(s.number, found[0], aAlwaysAuth)
	s.private, s.always = found[0], len(always) == 1 && always[0] != 0
	if s.always {
		s.pin = slices.Clone(pin)
	}
	return nil
}

// give gives the PIN, once; a token that reads it from its own keys gets none.
func (s *session) give(to uintptr, pin []byte) error {
	if s.pad {
		pin = nil
	}
	err := s.login(s.number, to, pin)
	switch {
	case errors.Is(err, alreadyLoggedIn):
		return nil
	case errors.Is(err, pinIsLocked):
		return &pkcs11.Error{Kind: pkcs11.Locked}
	case errors.Is(err, pinIncorrect), errors.Is(err, pinInvalid), errors.Is(err, pinLength):
		return s.wrongPIN()
	}
	return s.lost(err)
}

// wrongPIN says how many tries are left, as far as the token does.
func (s *session) wrongPIN() error {
	token, err := s.token(s.slot)
	wrong := &pkcs11.Error{Kind: pkcs11.WrongPIN}
	switch {
	case err != nil:
	case token.flags&pinLocked != 0:
		wrong.Kind = pkcs11.Locked
	case token.flags&pinFinalTry != 0:
		wrong.Tries = ": one try is left"
	case token.flags&pinCountLow != 0:
		wrong.Tries = ": it says that few tries are left"
	}
	return wrong
}

// sign signs a DigestInfo by PKCS #1 v1.5.
func (s *session) sign(data []byte) ([]byte, error) {
	const rsaPKCS = 1 // CKM_RSA_PKCS
	signature, err := s.module.sign(s.number, s.private, rsaPKCS, data, func() error {
		if !s.always {
			return nil
		}
		pin := s.pin
		s.pin = nil // so that a wrong one is not given again
		if pin == nil && !s.pad {
			return &pkcs11.Error{Kind: pkcs11.WrongPIN}
		}
		err := s.give(thisContext, pin)
		if err == nil {
			s.pin = pin
		}
		return err
	})
	return signature, s.lost(err)
}

// lost makes an error of a token that is gone.
func (s *session) lost(err error) error {
	if err == nil || errors.As(err, new(*pkcs11.Error)) {
		return err
	}
	for _, gone := range []code{deviceError, deviceRemoved, tokenNotPresent, tokenUnknown, sessionClosed, sessionInvalid} {
		if errors.Is(err, gone) {
			return &pkcs11.Error{Kind: pkcs11.Gone, What: err.Error()}
		}
	}
	return err
}
