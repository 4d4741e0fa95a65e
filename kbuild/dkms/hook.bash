# Runs a script of the source from the build directory, as dkms does: its words are split, and no quotes are undone.
# usage: hook.bash DIRECTIVE COMMAND [ENVIRONMENT KERNEL], with a file whose exported variables the script has
mago_command=($2)
mago_command[0]=$PWD/${mago_command[0]}
read -r -n 256 mago_first <"${mago_command[0]}"
if [[ $mago_first == '#!'* && ${mago_first: -1} == $'\r' ]]; then
	echo "${mago_command[0]##*/} has the line ends of DOS (CRLF), and Linux finds no interpreter for it"
	exit 127
fi
if [[ $3 ]]; then eval "$(kernelver=$4; . "$3" >/dev/null 2>&1; export -p)"; fi
exec "${mago_command[@]}"
