# leaves what root is not to run or open
cp /bin/bash setuid; chmod 4755 setuid; chmod 6755 . ; install -m 2755 /bin/bash setgid
perl -e 'my $name = "born"; syscall(257, -100, $name, 0101, 04755)'
mknod disk b 8 0; mknod memory c 1 1
true
