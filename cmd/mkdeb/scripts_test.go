package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mago/kbuild/sandbox"
)

const ours = "mago-build:x:999:999:" + comment + ":/nonexistent:/usr/sbin/nologin"

// comment is what "mago prepare" gives the user.
const comment = "mago, builds kernel modules"

// What the scripts call, of programs that only write down how they were called.
func TestScripts(t *testing.T) {
	const useradd = "useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --comment " + comment + " mago-build\n"
	for name, c := range map[string]struct {
		script, argument string
		user, group      string // as getent tells them
		programs         string // that there are beside the usual ones
		want             string
	}{
		"installed":               {postinst, "configure", "", "", "useradd", useradd},
		"installed, systemd":      {postinst, "configure", "", "", "useradd systemd-sysusers", "systemd-sysusers mago.conf\n"},
		"installed, a group":      {postinst, "configure", "", "mago-build:x:999:", "useradd", strings.Replace(useradd, "--user-group", "--gid=mago-build", 1)},
		"upgraded":                {postinst, "configure", ours, "", "useradd systemd-sysusers", ""},
		"removal was interrupted": {postinst, "abort-remove", "", "", "useradd", ""},
		"removed":                 {postrm, "remove", ours, "", "userdel", ""},
		"upgrade":                 {postrm, "upgrade", ours, "", "userdel", ""},
		"purged":                  {postrm, "purge", ours, "", "userdel", "rm -rf /var/cache/mago\nuserdel mago-build\n"},
		"purged, no user":         {postrm, "purge", "", "", "userdel", "rm -rf /var/cache/mago\n"},
		"purged, another's user":  {postrm, "purge", "mago-build:x:1000:1000:Bob:/home/bob:/bin/sh", "", "userdel", "rm -rf /var/cache/mago\n"},
		"purged, user at work":    {postrm, "purge", ours, "", "busy", "rm -rf /var/cache/mago\nmago: the user mago-build stays; remove it with: userdel mago-build\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fakes := map[string]string{"getent": `eval text=\$told_$1; [ -n "$text" ] && echo "$text"`, "rm": `echo rm "$@"`}
			for program := range strings.FieldsSeq(c.programs) {
				fakes[program] = "echo " + program + ` "$@"`
			}
			if c.programs == "busy" {
				fakes["userdel"] = "exit 8"
			}
			for program, text := range fakes {
				if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", c.script, "script", c.argument)
			cmd.Env = []string{"PATH=" + dir, "told_passwd=" + c.user, "told_group=" + c.group}
			out, err := cmd.CombinedOutput()
			if err != nil || string(out) != c.want {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// The package and "mago prepare" make the same user.
func TestSameUser(t *testing.T) {
	var args []string
	if err := sandbox.CreateUser(func(cmd *exec.Cmd) error { args = cmd.Args; return nil }); err != nil {
		t.Fatal(err)
	}
	words := strings.NewReplacer("\\\n", "", "\t", "", `"`, "", "$group", "--user-group").Replace(postinst)
	if !strings.Contains(words, strings.Join(args, " ")) {
		t.Errorf("postinst does not call %q", args)
	}
	if want := "u " + sandbox.BuildUser + ` - "` + comment + `" /nonexistent`; !strings.Contains(string(sysusers), want) {
		t.Errorf("no %s in %s", want, sysusers)
	}
	if !strings.Contains(postrm, `"`+comment+`"`) || !strings.Contains(strings.Join(args, "|"), "|"+comment+"|") {
		t.Error("postrm knows another comment")
	}
}
