package recipe

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"

	"mago/kbuild/dkms"
	"mago/kbuild/sandbox"
)

// Key tells kept evaluations of dkms.conf files apart. It is the SHA-256 over what one depends on: the file, its source, the
// kernel, all that a dkms.conf may read in its environment, and the administrator's settings; and over where the source lies and
// whose it is. Its owner can have other files there while one is evaluated: that counts for no other directory with the same content.
func Key(root string, job Job) (string, error) {
	text, err := job.Source.conf()
	if err != nil {
		return "", err
	}
	owner, err := job.Source.owner()
	if err != nil {
		return "", err
	}
	told := job.Told()
	if !mayReadJobs(text) {
		told = 0
	}
	if !mayCountProcessors(text) {
		job.AtMost = 0
	}
	name, version := splitDir(job.Source.Dir)
	k, sum := job.Kernel, sha256.New()
	fmt.Fprintf(sum, "%q %d\n", job.Source.Dir, owner)
	fmt.Fprintf(sum, "%q %q %q %q\n", dkms.Script, text, job.Source.Version, job.Source.Digest)
	fmt.Fprintf(sum, "%q\n", append(confVariables(root, sandbox.WorkDir, usrSrc, "/tmp", name, version, k, told), slices.Concat(job.Variables, job.processors())...))
	fmt.Fprintf(sum, "%q %q %q %d\n", k.Headers, k.Version, k.Compiler, job.Epoch.Unix())
	fmt.Fprintf(sum, "%s\n", k.ConfigSum())
	err = hashSettings(sum, root)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// hashSettings takes in all of the administrator's files, and who may read them: which of them count is known only after the
// evaluation.
func hashSettings(sum io.Writer, root string) error {
	files := settingsFiles(root)
	for _, path := range slices.Sorted(maps.Keys(files)) {
		text, err := os.ReadFile(files[path])
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("read dkms's settings: %w", err)
		}
		var rights fs.FileMode
		if info, err := os.Stat(files[path]); err == nil {
			rights = info.Mode()
		}
		fmt.Fprintf(sum, "%q %q %v %v\n", path, text, err == nil, rights)
	}
	return nil
}

// Kept reads what Keep has kept in a directory; false where there is nothing that can be used.
func Kept(dir, key string) (*dkms.Conf, bool) {
	text, err := os.ReadFile(keptFile(dir, key))
	if err != nil {
		return nil, false
	}
	conf, err := dkms.Decode(text)
	return conf, err == nil
}

// Keep keeps an evaluation in a directory, whose parent has to be there; private leaves it to this user alone.
func Keep(dir, key string, conf *dkms.Conf, private bool) error {
	text, err := conf.Encode()
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	mode := map[bool]os.FileMode{false: 0o644, true: 0o600}[private]
	return renameio.WriteFile(keptFile(dir, key), text, mode, renameio.WithTempDir(dir), renameio.IgnoreUmask())
}

func keptFile(dir, key string) string { return filepath.Join(dir, key+".json") }
