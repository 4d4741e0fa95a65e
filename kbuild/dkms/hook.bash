# Runs a script of the source from the build directory, as dkms does: its words are split, no quotes are undone, and
# one that is not executable is skipped.
# usage: hook.bash DIRECTIVE COMMAND [ENVIRONMENT KERNEL], with a file whose exported variables the script has
mago_command=($2)
mago_command[0]=$PWD/${mago_command[0]}
if [[ ! -f ${mago_command[0]} || ! -x ${mago_command[0]} ]]; then
	echo "mago: warning: $1 names ${mago_command[0]##*/}, which is not an executable file; it is skipped, as dkms does"
	exit 0
fi
if [[ $3 ]]; then eval "$(kernelver=$4; . "$3" >/dev/null 2>&1; export -p)"; fi
exec "${mago_command[@]}"
