package catalog

import (
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const madison = `hello-dkms |    1.0-1 | http://archive.example/debian bookworm/main amd64 Packages
hello-dkms | 1.10-1~bpo12+1 | http://archive.example/debian bookworm-backports/main amd64 Packages
hello-dkms | 1.9-1 | http://example.org ./ Packages
hello-dkms | 1.9-1 | http://archive.example/debian bookworm-updates/contrib amd64 Packages
hello-dkms |    3.0-1 | http://archive.example/debian sid/main Sources
hello-doc |    4.0-1 | http://archive.example/debian bookworm/main amd64 Packages
N: a notice
`

func TestNewer(t *testing.T) {
	var argv []string
	c := Config{Run: func(cmd *exec.Cmd) error {
		argv = cmd.Args
		_, err := io.WriteString(cmd.Stdout, madison)
		return err
	}}
	got, err := c.Newer(t.Context(), named("hello-dkms"), versioned("1.0-1"))
	want := []Offer{{named("hello-dkms"), versioned("1.10-1~bpo12+1"), "bookworm-backports"}, {named("hello-dkms"), versioned("1.9-1"), "bookworm-updates"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if strings.Join(argv, " ") != "apt-cache madison -- hello-dkms" {
		t.Errorf("ran %q", argv)
	}
	if got, err := c.Newer(t.Context(), named("hello-dkms"), versioned("1.10-1")); err != nil || len(got) > 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestNewerFails(t *testing.T) {
	c := Config{Run: func(*exec.Cmd) error { return io.ErrUnexpectedEOF }}
	if _, err := c.Newer(t.Context(), named("hello-dkms"), versioned("1")); err == nil || !strings.Contains(err.Error(), "versions of hello-dkms") {
		t.Errorf("got %v", err)
	}
}
