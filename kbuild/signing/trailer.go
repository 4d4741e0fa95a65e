package signing

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
)

// mark is the end of every signed module.
const mark = "~Module signature appended~\n"

// trailer is the kernel's struct module_signature (include/linux/module_signature.h), which stands between a signature and the mark.
type trailer struct {
	Algorithm, Hash     uint8 // 0 of CMS signatures
	KeyType             uint8
	SignerLen, KeyIDLen uint8 // 0, too
	_                   [3]uint8
	SignatureLen        uint32
}

const (
	keyTypePKCS7 = 2 // PKEY_ID_PKCS7
	trailerLen   = 12
)

// WithTrailer is what is appended to a module: its signature's CMS message, and the trailer.
func WithTrailer(message []byte) []byte {
	var all bytes.Buffer
	all.Write(message)
	_ = binary.Write(&all, binary.BigEndian, trailer{KeyType: keyTypePKCS7, SignatureLen: uint32(len(message))}) // a buffer takes everything
	all.WriteString(mark)
	return all.Bytes()
}

// SignatureError is a module that ends as a signed one does, without a signature before that.
type SignatureError struct{ Why string }

func (e *SignatureError) Error() string { return "the module's signature is damaged: " + e.Why }

// Unsigned gives the length of a module without its signature, and the signature's CMS message; nil where it has none. The error is
// a *SignatureError or that of reading.
func Unsigned(module io.ReaderAt, size int64) (length int64, message []byte, err error) {
	end := make([]byte, trailerLen+len(mark))
	length = size - int64(len(end))
	if length < 0 {
		return size, nil, nil
	}
	if _, err := module.ReadAt(end, length); err != nil && err != io.EOF {
		return 0, nil, err
	}
	if !bytes.HasSuffix(end, []byte(mark)) {
		return size, nil, nil
	}
	var t trailer
	_ = binary.Read(bytes.NewReader(end), binary.BigEndian, &t) // which has all its bytes
	length -= int64(t.SignatureLen)
	switch {
	case t.KeyType != keyTypePKCS7:
		return 0, nil, &SignatureError{fmt.Sprintf("it is of type %d, not PKCS #7", t.KeyType)}
	case length < 0:
		return 0, nil, &SignatureError{fmt.Sprintf("it is said to have %d bytes, and the file has %d", t.SignatureLen, size)}
	}
	message = make([]byte, t.SignatureLen)
	_, err = module.ReadAt(message, length)
	return length, message, err
}

// IsSigned reports whether a module's file ends with a signature.
func IsSigned(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	_, message, err := Unsigned(file, info.Size())
	return message != nil, err
}

// Strip takes the signature off a module's file, if it has one.
func Strip(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	length, message, err := Unsigned(file, info.Size())
	if err != nil || message == nil {
		return err
	}
	return file.Truncate(length)
}
