package kbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// RecipeFile is the file of a source that tells how to build it, the first of several; "" where there is none. A
// module-assistant's debian/rules comes before a Makefile, which it calls, and where the source lies as module-assistant's
// tarballs hold it, in modules/<name>, before a dkms.conf too. Other rules than that come last: nothing can follow them.
// A link that leads out of the source is an error.
func RecipeFile(source Source) (string, error) {
	root, err := source.open()
	if err != nil {
		return "", err
	}
	defer root.Close()
	ours, err := isRules(root)
	if err != nil {
		return "", err
	}
	files := []string{"dkms.conf", "Kbuild", "Makefile", rulesFile}
	switch {
	case ours && filepath.Base(filepath.Dir(source.Dir)) == moduleLoc:
		files = []string{rulesFile}
	case ours:
		files = []string{"dkms.conf", rulesFile}
	}
	return firstFile(root, files)
}

func firstFile(root *os.Root, names []string) (string, error) {
	for _, name := range names {
		info, err := root.Stat(name)
		if err == nil && info.Mode().IsRegular() {
			return name, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", &RecipeError{name, err}
		}
	}
	return "", nil
}

func (s *steps) recipe() (recipe, error) {
	file, err := RecipeFile(s.job.Source)
	switch {
	case err != nil:
		return nil, err
	case file == "dkms.conf":
		return &dkmsRecipe{}, nil
	case file == rulesFile:
		return s.rulesRecipe()
	case file == "":
		return nil, &RecipeError{"source", fmt.Errorf("no dkms.conf, Kbuild or Makefile in %s", s.job.Source.Dir)}
	}
	return &kbuildRecipe{by: "Kbuild"}, nil
}

func (s *steps) rulesRecipe() (recipe, error) {
	root, err := s.job.Source.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	ours, err := isRules(root)
	if err == nil && !ours {
		err = &RecipeError{rulesFile, errors.New("it has none of module-assistant's targets, and the source has no dkms.conf or Makefile of its own")}
	}
	return &rulesRecipe{}, err
}
