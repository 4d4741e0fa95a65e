# has shared memory that is in no process's page tables, by system calls as amd64 numbers them
perl -e 'open Z, "/dev/zero"; my $n = 1 << 25; while (1) { my $at = syscall(9, 0, $n, 3, 0x21, -1, 0); syscall(0, fileno(Z), $at, $n); syscall(28, $at, $n, 4) }'
