# leaves processes behind
setsid -f bash -c 'trap "" TERM HUP INT; exec 3>"$1/alive"; sleep infinity' "$VICTIM_NAME" "$VICTIM" </dev/null >/dev/null 2>&1
(setsid bash -c 'sleep infinity' "$VICTIM_NAME" </dev/null >/dev/null 2>&1 &)
bash -c 'sleep infinity' "$VICTIM_NAME" &
true
