# leaves what is not removed with a path, a descriptor for each level, or the rights that a directory gives
perl -e 'for (1..400) { mkdir "d"; chdir "d" }'
mkdir -p closed/in/side $'\xff\n\e[2J/'"$(printf 'n%.0s' {1..255})"; touch closed/in/file
chmod 0 closed/in; chmod 0 closed; chmod 500 $'\xff\n\e[2J'
exit 1
