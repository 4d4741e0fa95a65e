#!/bin/sh
# Does in each directory what builds do, by absolute path: read, make a directory, write; and in that of temporary files.
# usage: mago-probe NAME DIRECTORY..., with a name that is new there
set -e
name=$1
shift
for dir; do
	read -r word <"$dir/given"
	mkdir "$dir/$name"
	printf '%s\n' "$word" >"$dir/$name/made"
done
: >"$TMPDIR/mago-probe"
