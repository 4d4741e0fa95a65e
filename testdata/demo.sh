#!/bin/sh
# What "make demo" shows: mago's main job, for real. v4l2loopback is built and installed for the running kernel; where
# apt has no headers of that, it is built for Debian's newest.
set -eu

say() { echo "\$ $*"; "$@"; }

if [ "$(id -u)" != 0 ]; then
	echo 'make demo installs kernel headers and a compiler with apt: run: sudo env PATH="$PATH" make demo' >&2
	exit 1
fi

mago=./mago
running=$(uname -r)
has_headers() { apt-cache policy "linux-headers-$1" | grep -q 'Candidate: [^(]'; }
has_headers "$running" || say apt-get -qq update

if has_headers "$running"; then
	kernel=$running
	say $mago auto-install -f v4l2loopback
else
	newest=linux-headers-$(dpkg --print-architecture)
	kernel=$(apt-cache depends "$newest" | sed -n 's/.*Depends: linux-headers-\([0-9].*\)/\1/p')
	echo "apt has no headers of the running kernel, $running. For Debian's newest, $kernel, then; this machine could"
	echo "not load that, so it is built and not installed."
	say $mago prepare -l "$kernel"
	say $mago auto-build -f v4l2loopback -l "$kernel"
fi

deb=$($mago show --json v4l2loopback | sed -n "s|.*\"deb\": \"\(.*-modules-${kernel}_.*\.deb\)\".*|\1|p" | head -n 1)
echo "$deb"
say dpkg-deb -I "$deb"
