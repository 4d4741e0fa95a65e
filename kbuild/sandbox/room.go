// Package sandbox runs the programs that a module's source brings along: as an unprivileged user, without network,
// and, where bubblewrap works, in a file system of their own with one writable directory.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// BuildUser is the system user that compiles when mago itself runs as root.
const BuildUser = "mago-build"

// Kind says how closed a room is.
type Kind string

// The kinds of room, from the closest to the most open.
const (
	Bubblewrap Kind = "bubblewrap" // own file system, processes and network
	Namespaces Kind = "namespaces" // own processes and network; the host's files, as the build user may read them
	User       Kind = "user"       // nothing but the user's own lack of rights
)

// Mount is where a room's writable directory stands inside bubblewrap: always the same, so that no path of this
// machine gets into a module; and the one that dkms.conf files in the wild spell out.
const Mount = "/var/lib/dkms"

// Room is a place to run foreign programs in.
type Room struct {
	Kind     Kind
	Root     string // the file system that programs see
	UserName string
	UID, GID uint32 // the user they run as; meaningful where mago runs as root
	Drop     bool   // whether mago is root and has to become that user
	Why      string // why the room is no closer, such as "bubblewrap not installed"; "" for bubblewrap
}

// String describes the room as the screen does.
func (r Room) String() string {
	switch r.Kind {
	case Bubblewrap:
		return r.UserName + " in bubblewrap, no network"
	case Namespaces:
		return fmt.Sprintf("%s, no network (%s)", r.UserName, r.Why)
	}
	return fmt.Sprintf("%s, not closed in (%s)", r.UserName, r.Why)
}

// UserError says that mago runs as root and the system lacks the user to build as.
type UserError struct{ Name string }

func (e *UserError) Error() string { return "no system user " + e.Name + " to build as" }

// Choose finds the closest room that works here. asRoot says whether mago runs as root; run executes the probes
// (nil: (*exec.Cmd).Run).
func Choose(ctx context.Context, root string, asRoot bool, run func(*exec.Cmd) error) (Room, error) {
	room, err := occupant(root, asRoot)
	if err != nil {
		return Room{}, err
	}
	if run == nil {
		run = (*exec.Cmd).Run
	}
	room.Kind = Bubblewrap
	bubblewrap := room.probe(ctx, run)
	if bubblewrap == nil || ctx.Err() != nil {
		return room, ctx.Err()
	}
	room.Kind, room.Why = Namespaces, "bubblewrap "+bubblewrap.Error()
	namespaces := room.probe(ctx, run)
	if namespaces == nil || ctx.Err() != nil {
		return room, ctx.Err()
	}
	room.Kind, room.Why = User, room.Why+", namespaces "+namespaces.Error()
	if namespaces.Error() == bubblewrap.Error() {
		room.Why = "bubblewrap and namespaces " + namespaces.Error()
	}
	return room, nil
}

// occupant is the user to build as: the invoking one, or the build user in place of root.
func occupant(root string, asRoot bool) (Room, error) {
	if !asRoot {
		return Room{Root: root, UserName: invoking()}, nil
	}
	uid, gid, err := lookup(root, BuildUser)
	if err != nil {
		return Room{}, err
	}
	return Room{Root: root, UserName: BuildUser, UID: uid, GID: gid, Drop: true}, nil
}

// invoking names the user who runs mago; one that the system has no name for goes by number.
func invoking() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return strconv.Itoa(os.Getuid())
}

// probe tries the room out; its error says what is wrong with it.
func (r Room) probe(ctx context.Context, run func(*exec.Cmd) error) error {
	var stderr strings.Builder
	cmd := r.Command(ctx, Spec{Args: []string{"/bin/true"}, Stderr: &stderr})
	err := run(cmd)
	if err == nil {
		return nil
	}
	complaint, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
	switch _, complaint, _ := strings.Cut(complaint, ": "); {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("not installed")
	case refusesNamespaces.MatchString(complaint), complaint == "" && errors.Is(err, fs.ErrPermission):
		return errors.New("refused: the kernel lets this user make no namespaces")
	case complaint != "":
		return fmt.Errorf("does not work: %s", complaint)
	}
	return fmt.Errorf("does not work: %w", err)
}

// refusesNamespaces is what bubblewrap says where user namespaces are switched off: by sysctl, in a chroot, by AppArmor.
var refusesNamespaces = regexp.MustCompile(`(?i)new namespace|uid map|RTM_NEWADDR`)

// credential makes a child the build user; nil where mago is no root and has nothing to drop.
func (r Room) credential() *syscall.Credential {
	if !r.Drop {
		return nil
	}
	return &syscall.Credential{Uid: r.UID, Gid: r.GID, Groups: []uint32{}}
}

func atoi32(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err
}
