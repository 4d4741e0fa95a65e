package pkcs11

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// What mago asks of its child, in this order.
const (
	OpOpen  = "open"  // find the key's certificate
	OpLogin = "login" // give the PIN and find the private key
	OpSign  = "sign"
)

// Request is one question to the child; every one has one Reply.
type Request struct {
	Op     string
	Module string `json:",omitempty"` // OpOpen: what to load
	Key    Wanted // OpOpen
	PIN    []byte `json:",omitempty"` // OpLogin
	Data   []byte `json:",omitempty"` // OpSign: a DigestInfo (RFC 8017, 9.2)
}

// Reply is the child's answer.
type Reply struct {
	Err         *Error   `json:",omitempty"`
	Token       Wanted   // OpOpen: that has the key
	PIN         PIN      `json:",omitempty"` // OpOpen
	Certificate []byte   `json:",omitempty"` // OpOpen: of the key, DER
	Others      [][]byte `json:",omitempty"` // OpOpen: the token's other certificates
	Signature   []byte   `json:",omitempty"` // OpSign
}

// PIN says who gives a token its PIN.
type PIN string

// The values of PIN.
const (
	PINNone  PIN = ""      // nobody: it wants none
	PINAsked PIN = "asked" // its user, by way of mago
	PINPad   PIN = "pad"   // its user, on its own keys
)

// maxMessage is far more than a message has: the certificates of a full token.
const maxMessage = 1 << 20

// WriteMessage writes a message: four bytes of its length, most significant first, then JSON.
func WriteMessage(w io.Writer, message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...))
	clear(text) // which may have a PIN
	return err
}

// ReadMessage reads a message; the error is io.EOF where there is no more.
func ReadMessage(r io.Reader, message any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxMessage {
		return fmt.Errorf("a message of %d bytes is too long", size)
	}
	text := make([]byte, size)
	defer clear(text)
	if _, err := io.ReadFull(r, text); err != nil {
		return fmt.Errorf("a message ends too early: %w", err)
	}
	return json.Unmarshal(text, message)
}
