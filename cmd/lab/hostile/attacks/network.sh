# talks to sockets of the host, which note it
exec 3<>"/dev/tcp/127.0.0.1/$VICTIM_TCP" && echo ESCAPED >&3
echo ESCAPED > "/dev/udp/127.0.0.1/$VICTIM_UDP"
perl -e 'use Socket; for my $path ("$ENV{VICTIM}/socket", "\0$ENV{VICTIM}") { socket(S, PF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un($path)) && syswrite(S, "ESCAPED") }'
true
