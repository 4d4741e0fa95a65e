# looks for a passphrase and an opened key in the environment and the memory of every process; the pattern does not match itself
perl -e '
	my $secret = qr/PASSPHRASE-[OQ]F-MAGO|BEGIN PRIVATE [KQ]EY/;
	for my $process (glob "/proc/[0-9]*") {
		local $/;
		open(my $environment, "<", "$process/environ") or next;
		<$environment> =~ $secret && print "ESCAPED: read the environment of $process\n";
		open(my $maps, "<", "$process/maps") && open(my $memory, "<", "$process/mem") or next;
		for (split /\n/, <$maps>) {
			my ($from, $to) = /^(\w+)-(\w+) rw-p/ or next;
			sysseek($memory, hex $from, 0) && sysread($memory, my $found, (hex $to) - (hex $from)) or next;
			$found =~ $secret && print "ESCAPED: read the memory of $process\n";
		}
	}' 2>/dev/null
true
