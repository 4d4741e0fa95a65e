package debpkg

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mago/debpkg/control"
)

// EditedConffiles lists the conffiles of an installed package that are not as it brought them: edited, or removed.
func EditedConffiles(root, name string) (paths []string, err error) {
	sums, err := conffileSums(root, name)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(sums) {
		words := strings.Fields(line) // path, MD5, and maybe "obsolete"
		if len(words) != 2 {
			continue
		}
		if sum, err := md5Of(filepath.Join("/", root, words[0])); err != nil || sum != words[1] {
			paths = append(paths, words[0])
		}
	}
	return paths, nil
}

// conffileSums is the field Conffiles of a package in dpkg's status, "" for none.
func conffileSums(root, name string) (string, error) {
	f, err := os.Open(filepath.Join("/", root, "var/lib/dpkg/status"))
	if err != nil {
		return "", fmt.Errorf("read dpkg's status: %w", err)
	}
	defer f.Close()
	s := control.NewScanner(f, f.Name())
	for s.Scan() {
		if string(s.Field("Package")) != name {
			continue
		}
		p, err := s.Paragraph()
		if err != nil {
			return "", err
		}
		return p.Get("Conffiles"), nil
	}
	return "", s.Err()
}

func md5Of(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
