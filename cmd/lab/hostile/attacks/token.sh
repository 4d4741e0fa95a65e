# talks to what has the keys of tokens: pcscd and p11-kit's server
perl -e 'use Socket; for my $path (split " ", $ENV{VICTIM_TOKENS}) { socket(S, PF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un($path)) && print "ESCAPED: reached $path\n" }'
true
