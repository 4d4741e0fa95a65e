# does not end
trap '' TERM HUP INT
while :; do :; done
