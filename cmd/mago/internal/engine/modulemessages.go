package engine

import (
	"archive/tar"
	"errors"
	"io"
	"path"
	"slices"

	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/kbuild/firmware"
	"mago/kbuild/signing"
)

// eachMessage calls do with the signature of each module in a build's package, nil for a module without one, until do is false.
func eachMessage(built store.Record, do func(message []byte) bool) error {
	deb, err := debpkg.Open(built.Deb)
	if err != nil {
		return err
	}
	defer deb.Close()
	data, err := deb.Data()
	if err != nil {
		return err
	}
	defer data.Close()
	for files := tar.NewReader(data); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !slices.Contains(built.Modules, path.Join("/", h.Name)) {
			continue
		}
		message, err := signing.Read(files)
		if err != nil || !do(message) {
			return err
		}
	}
}

// verdictOn judges a build by the worst signature of its modules.
func (sg *signatures) verdictOn(built store.Record, trust firmware.Trust) (worst firmware.Verdict, err error) {
	worst.Loads = firmware.Yes
	err = eachMessage(built, func(message []byte) bool {
		next := firmware.Verdict{Loads: firmware.No, Why: unsigned}
		if message != nil {
			next = judge(message, trust, sg.certificates())
		}
		if next.Loads == firmware.No || worst.Loads == firmware.Yes && worst.Why != firmware.PendingEnrolment {
			worst = next
		}
		return worst.Loads != firmware.No
	})
	return worst, err
}

// hasUnsigned reports whether one of a build's modules has no signature.
func hasUnsigned(built store.Record) (has bool, err error) {
	err = eachMessage(built, func(message []byte) bool {
		has = message == nil
		return !has
	})
	return has, err
}
