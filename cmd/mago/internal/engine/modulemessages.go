package engine

import (
	"archive/tar"
	"io"
	"path"
	"slices"

	"mago/cmd/mago/internal/store"
	"mago/debpkg"
	"mago/kbuild/firmware"
	"mago/kbuild/signing"
)

// messages are the signatures of the modules in a build's package, nil for a module without one. They are read once.
func (sg *signatures) messages(built store.Record) ([][]byte, error) {
	if had, ok := sg.known.messages.Load(built.SHA256); ok {
		return had.([][]byte), nil
	}
	all, err := readMessages(built)
	if err == nil {
		sg.known.messages.Store(built.SHA256, all)
	}
	return all, err
}

func readMessages(built store.Record) (all [][]byte, err error) {
	deb, err := debpkg.Open(built.Deb)
	if err != nil {
		return nil, err
	}
	defer deb.Close()
	err = deb.EachFile(func(h *tar.Header, content io.Reader) error {
		if !slices.Contains(built.Modules, path.Join("/", h.Name)) {
			return nil
		}
		message, err := signing.Read(content)
		all = append(all, message)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// verdictOn judges a build by the worst signature of its modules.
func (sg *signatures) verdictOn(built store.Record, trust firmware.Trust) (worst firmware.Verdict, err error) {
	worst.Loads = firmware.Yes
	all, err := sg.messages(built)
	for _, message := range all {
		next := firmware.Verdict{Loads: firmware.No, Why: unsigned}
		if message != nil {
			next = judge(message, trust, sg.certificates())
		}
		if next.Loads == firmware.No {
			return next, nil
		}
		if worst.Loads == firmware.Yes && worst.Why != firmware.PendingEnrolment {
			worst = next
		}
	}
	return worst, err
}

// hasUnsigned reports whether one of a build's modules has no signature.
func (sg *signatures) hasUnsigned(built store.Record) (bool, error) {
	all, err := sg.messages(built)
	return slices.ContainsFunc(all, func(message []byte) bool { return message == nil }), err
}
