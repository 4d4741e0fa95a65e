# starts processes that start another and end at once, without end
perl -e 'use POSIX; $SIG{$_} = "IGNORE" for keys %SIG; for (1 .. 20) { next if fork; setsid; while (1) { POSIX::_exit(0) if fork } }' "$VICTIM_NAME"
sleep infinity
