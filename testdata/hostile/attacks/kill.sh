# ends a process that is not its own, and looks into it
kill -9 "$VICTIM_PID"
