package kbuild

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mago/debpkg/codec"
	"mago/kbuild/kernel"
	"mago/kbuild/recipe"
	"mago/kbuild/signing"
)

// Signing is how finished modules are signed. The zero value leaves them as they are.
type Signing struct {
	// Sign gives the CMS message for a module of that name and digest; nil: mago signs nothing.
	Sign func(module string, sum []byte, hash crypto.Hash) (message []byte, err error)
	Anew bool // whether modules that come signed are signed anew; else they keep their signatures
}

// SignError is a good module that could not be signed: the key, its token or this machine is at fault, not the source.
type SignError struct {
	Module string
	Err    error
}

func (e *SignError) Error() string { return fmt.Sprintf("sign module %s: %v", e.Module, e.Err) }
func (e *SignError) Unwrap() error { return e.Err }

// SignatureHash is the hash that a kernel's configuration names for its modules' signatures; 0 for a kernel that looks at none. The
// error is a *signing.HashError.
func SignatureHash(k kernel.Kernel) (crypto.Hash, error) {
	config := k.Config()
	if config["CONFIG_MODULE_SIG"] != "y" {
		return 0, nil
	}
	return signing.Hash(config["CONFIG_MODULE_SIG_HASH"])
}

// of is the same for a kernel, none for one that looks at no signatures.
func (s Signing) of(k kernel.Kernel) (Signing, crypto.Hash, error) {
	hash, err := SignatureHash(k)
	if hash == 0 {
		return Signing{}, 0, err
	}
	return s, hash, err
}

// apply signs an uncompressed module's file; signed is false where it is left as it is.
func (s Signing) apply(module string, file *os.File, hash crypto.Hash) (signed bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	length, message, err := signing.Unsigned(file, info.Size())
	if err != nil || s.Sign == nil || message != nil && !s.Anew {
		return false, err
	}
	sum, err := signing.Digest(io.NewSectionReader(file, 0, length), hash)
	if err != nil {
		return false, err
	}
	if message, err = s.Sign(module, sum, hash); err != nil {
		return false, err
	}
	signature := signing.WithTrailer(message)
	if _, err := file.WriteAt(signature, length); err != nil {
		return false, err
	}
	return true, file.Truncate(length + int64(len(signature)))
}

func (s Signing) applyTo(m takenModule, hash crypto.Hash) (signed bool, err error) {
	file, err := os.OpenFile(m.file, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	signed, err = s.apply(m.Dest, file, hash)
	return signed, errors.Join(err, file.Close())
}

// sign signs the copies of modules. Of one whose source has given it a damaged signature the error is a *signing.SignatureError,
// signed or not: a kernel that looks at signatures never loads it.
func (s *finishing) sign(all []takenModule) error {
	how, hash, err := s.signing.of(s.Job.Kernel)
	if err != nil || hash == 0 {
		return err
	}
	for i, m := range all {
		all[i].signed, err = how.applyTo(m, hash)
		switch {
		case errors.As(err, new(*signing.SignatureError)):
			return fmt.Errorf("module %s: %w", m.Dest, err)
		case err != nil:
			return &SignError{m.Dest, err}
		}
	}
	return nil
}

// keepsSignatures reports whether modules that come signed are to stay so.
func (s *finishing) keepsSignatures() bool { return s.signing.Sign == nil || !s.signing.Anew }

// comesSigned reports whether the recipe gave a module signed.
func (s *finishing) comesSigned(ctx context.Context, b recipe.Built) bool {
	file, err := s.Open(ctx, b.File)
	if err != nil {
		return false // which taking it out tells
	}
	defer file.Close()
	signed, err := signing.IsSigned(file)
	return err == nil && signed
}

// SignAnew has a result's modules, which an earlier build has finished and maybe signed, signed as this builder signs, or not at
// all. Their files are replaced by others in the job's work directory.
func (b *Builder) SignAnew(ctx context.Context, job Job, result *Result) error {
	w, err := recipe.Open(b.Host, job)
	if err != nil {
		return err
	}
	defer w.Close()
	w.Through()
	s := &finishing{Workspace: w, signing: b.Signing}
	if err := os.Mkdir(filepath.Join(job.Work, finished), 0o755); err != nil {
		return err
	}
	all := make([]takenModule, len(result.Modules))
	for i, m := range result.Modules {
		all[i] = takenModule{Built: recipe.Built{Dest: m.Name}, file: filepath.Join(job.Work, finished, m.Name+".ko"), facts: m.Facts}
		if _, err := Unfinish(m, all[i].file, false); err != nil {
			return fmt.Errorf("module %s: %w", m.Name, err)
		}
	}
	if err := s.sign(all); err != nil {
		return err
	}
	for i, m := range all {
		was := result.Modules[i]
		module, err := s.compress(ctx, m)
		if err != nil {
			return fmt.Errorf("module %s: %w", m.Dest, err)
		}
		was.File, was.Signed = module.File, module.Signed
		result.Modules[i] = was
	}
	return nil
}

// Unfinish writes a finished module to a new file, uncompressed and without mago's signature; with anew without one that it came with
// either. signed is whether it has a signature still.
func Unfinish(m Module, to string, anew bool) (signed bool, err error) {
	in, err := os.Open(m.File)
	if err != nil {
		return false, err
	}
	defer in.Close()
	stream, _, err := codec.NewReader(in)
	if err != nil {
		return false, err
	}
	defer stream.Close()
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return false, err
	}
	_, err = io.Copy(out, stream)
	if err == nil && (m.Signed || anew) {
		err = signing.Strip(out)
	}
	if err == nil {
		signed, err = signing.IsSigned(out)
	}
	return signed, errors.Join(err, out.Close())
}

// Compression is that of a finished module, by its name.
func Compression(path string) codec.Format {
	for format, suffix := range suffixes {
		if strings.HasSuffix(path, suffix) {
			return format
		}
	}
	return codec.None
}
