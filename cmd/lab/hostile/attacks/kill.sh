# ends a process that is not its own, and looks into it
kill -9 "$VICTIM_PID"
while kill -0 "$VICTIM_PID" 2>/dev/null; do :; done # until it is gone, where it can be ended at all
