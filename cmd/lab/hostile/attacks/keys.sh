# looks for keys that sign, where they lie and in whoever has one open; the pattern does not match itself
holds() { grep -a -s -q 'PRIVATE [KQ]EY' "$@"; }
holds "$VICTIM"/keys/* && echo ESCAPED: read a key
holds -r /var/lib/mago/keys /var/lib/dkms /var/lib/shim-signed && echo ESCAPED: read one of the keys of the host
for file in /proc/[0-9]*/fd/*; do [ -f "$file" ] && holds "$file" && echo ESCAPED: read a key that a process of the host has open; done
true
