package soak

import (
	"context"
	"fmt"
)

// newScenarios are commands that go through every phase between them, some of them several times over.
func (m *machine) newScenarios() []*scenario {
	do := func(args ...string) func(context.Context) error {
		return func(ctx context.Context) error { return m.succeed(ctx, args...) }
	}
	edit := func(context.Context) error { return m.edit() }
	return []*scenario{
		{args: []string{"update", "-f"}},
		{args: []string{"prepare", "v4l2loopback"}, before: do("dpkg", "--remove", "bubblewrap")},
		{args: []string{"get", "-f", "acpi-call", "bbswitch-source"}},
		{args: []string{"build", "-f", "v4l2loopback"}, before: do(m.arguments("get", "v4l2loopback")...)},
		{args: []string{"build", "-f", "bbswitch-source"}, before: do(m.arguments("get", "bbswitch-source")...)},
		{args: []string{"a-b", "-f", "xtrx"}},
		{args: []string{"a-i", "-f", "xtrx"}},
		{args: []string{"a-i", local}, before: edit},
		{args: []string{"build", local}, before: edit},
		{args: []string{"install", "-f", "acpi-call"}, before: do(m.arguments("a-b", "acpi-call")...)},
		{args: []string{"a-i", "-f", "v4l2loopback"}, before: do("apt-get", "remove", "--yes", "linux-headers-"+m.kernel)},
		{args: []string{"clean"}, before: do(m.arguments("a-b", "xtrx")...)},
		{args: []string{"purge", "xtrx"}, before: do(m.arguments("a-b", "xtrx")...)},
		{args: []string{"key", "rotate"}, before: m.withRoot},
		{args: []string{"a-b", local, "acpi-call"}, before: m.toSignAnew(local, "acpi-call")},
		{args: []string{"key", "new", "-f"}},
		{args: []string{"key", "new", "-f", "--passphrase-file", secretFile}},
		{args: []string{"key", "new", "-f", "--passphrase-file", secretFile, "--unattended"}},
		{args: []string{"key", "revoke"}, before: m.toRevoke},
		{args: importing, before: m.toImport},
		{args: request, before: m.toRequest},
		{args: []string{"sign", requests}, before: m.toSign},
		{args: []string{"sign", "--attach", requests}, before: m.toAttach()},
		{args: []string{"purge", "all"}, before: do(m.arguments("a-b", local, "bbswitch-source")...)},
	}
}

// succeed runs what a scenario wants to find done.
func (m *machine) succeed(ctx context.Context, args ...string) error {
	if out := m.run(ctx, args...); out.code != 0 {
		return fmt.Errorf("%q: %v:\n%s", args, out, out.said)
	}
	return nil
}
