// Command mkdeb writes mago's own Debian package: the program, its manual page and completion, the user that it builds as, its
// changelog (debian/changelog), and the licences of all that is linked in.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
)

func main() {
	var r request
	flag.StringVar(&r.Arch, "arch", runtime.GOARCH, "Debian's `name` of the architecture to build for")
	flag.StringVar(&r.Source, "source", ".", "mago's source `directory`")
	flag.StringVar(&r.Dest, "dest", ".", "the `directory` for the package")
	flag.Parse()
	r.Epoch = os.Getenv("SOURCE_DATE_EPOCH")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if r.Commit, err = committed(ctx, r.Source); err != nil {
		what := "version and date are those"
		if r.Epoch != "" {
			what = "the version is that"
		}
		fmt.Fprintf(os.Stderr, "mkdeb: git shows no commit in %s: %s of the newest changelog entry\n", r.Source, what)
	}
	deb, err := r.write(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mkdeb:", err)
		os.Exit(1)
	}
	fmt.Println(deb)
}
