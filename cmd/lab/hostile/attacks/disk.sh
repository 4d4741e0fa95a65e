# writes without end
yes > file &
yes > "${TMPDIR:-/tmp}/file" &
while :; do dd if=/dev/zero of="file-$((i++))" bs=1M count=10 2>/dev/null; done
