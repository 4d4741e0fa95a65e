package main

import (
	"os"
	"path/filepath"
	"strings"
)

func fakeroot(w *world, args []string) error { return become(args) }

// rulesParagraph is what the package of a debian/rules says of itself.
const rulesParagraph = `Package: hello-module-RELEASE
Version: 1
Architecture: amd64
Maintainer: A Person <person@example.org>
Depends: hello-firmware (>= 1), linux-image-RELEASE, debconf
Suggests: hello-doc
Conflicts: goodbye-modules, hello-dkms
Provides: hello-abi-1
Description: greetings
`

// makePackage is make in a debian/rules: it leaves the package where KPKG_DEST_DIR says.
func makePackage(args []string) error {
	var release string
	for _, arg := range args {
		if value, ok := strings.CutPrefix(arg, "KVERS="); ok {
			release = value
		}
	}
	paragraph := strings.ReplaceAll(rulesParagraph, "RELEASE", release)
	files := map[string]string{
		"lib/modules/" + release + "/kernel/drivers/hello.ko": string(moduleFile(release, nil)),
		"lib/modules/" + release + "/modules.dep":             "",
		"usr/lib/hello/greet":                                 "hello\n",
		"usr/share/doc/hello-module/README":                   "hello\n",
	}
	brings, _ := os.ReadFile("debian/brings") // most bring no more
	for path := range strings.FieldsSeq(string(brings)) {
		files[path] = "hello\n"
	}
	fields, _ := os.ReadFile("debian/fields")
	deb, err := debOf(map[string]string{
		"./control":  string(fields) + paragraph,
		"./postinst": "#!/bin/sh\nset -e\ndepmod\ntouch /hello-was-here\n",
	}, tarOf(files))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(os.Getenv("KPKG_DEST_DIR"), "hello.deb"), deb, 0o644)
}
