# gets hold of a process that is not its own, and of what it was given
perl -e 'exit(syscall(101, 16, $ENV{VICTIM_PID}, 0, 0) != 0)' && echo ESCAPED: traces a process of the host
tr '\0' '\n' < "/proc/$VICTIM_PID/environ" | grep SECRET && echo ESCAPED: read the environment of a process of the host
ls -l "/proc/$VICTIM_PID/fd" | grep -q secret && echo ESCAPED: saw the files of a process of the host
