# writes in a deep directory that not even its user may read
perl -e 'for (1 .. 300) { mkdir "d"; chdir "d" } for (1 .. 20) { open F, ">$_"; print F "x" x (5 << 20) } chmod 0, "../../d"; sleep 1 while 1'
