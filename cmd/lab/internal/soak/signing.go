package soak

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
)

// toSignAnew has modules whose signatures are by the key of before.
func (m *machine) toSignAnew(words ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		return errors.Join(m.withRoot(ctx), m.succeed(ctx, m.arguments(append([]string{"a-b"}, words...)...)...), m.succeed(ctx, m.arguments("key", "rotate")...))
	}
}

// request has modules written down for another machine to sign, also those that are signed: nothing is unsigned here for long.
var request = []string{"-f", "sign", "--requests", requests, local, "./one"}

// toRequest has modules that can be asked for, and nothing in the directory.
func (m *machine) toRequest(ctx context.Context) error {
	return errors.Join(m.emptyRequests(), m.succeed(ctx, m.arguments("a-b", local, "./one")...))
}

// emptyRequests leaves the directory, which may be a mount point.
func (m *machine) emptyRequests() error {
	var err error
	for _, path := range append(m.glob(requests+"/*"), m.glob(requests+"/.*")...) {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// wasFinished reports whether requests are refused because the run before has finished them and was disturbed after that.
func (m *machine) wasFinished(args []string, second outcome) bool {
	_, err := os.Stat(m.Path(requests + "/requests.json"))
	return err == nil && slices.Equal(args, request) && strings.Contains(second.said, "the directory is not empty")
}

// toSign has a directory that asks for signatures.
func (m *machine) toSign(ctx context.Context) error {
	return errors.Join(m.toRequest(ctx), m.succeed(ctx, m.arguments(request...)...))
}

// toAttach has signatures for what has none; options say where that is.
func (m *machine) toAttach(options ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		return errors.Join(m.toAsk(ctx, options...), m.succeed(ctx, m.arguments(append(options, request...)...)...), m.succeed(ctx, m.arguments("sign", requests)...))
	}
}

// toAsk has modules that nobody has signed, and nothing in the directory.
func (m *machine) toAsk(ctx context.Context, options ...string) error {
	return errors.Join(m.emptyRequests(), m.succeed(ctx, m.arguments(append(options, "a-b", "-f", "--unsigned", local, "./one")...)...))
}
