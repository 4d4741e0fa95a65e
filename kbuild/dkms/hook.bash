# Runs a script of the source from the build directory, as dkms does: its words are split, and no quotes are undone.
# usage: hook.bash DIRECTIVE COMMAND [ENVIRONMENT KERNEL], with a file whose exported variables the script has
mago_command=($2)
mago_command[0]=$PWD/${mago_command[0]}
if [[ $3 ]]; then eval "$(kernelver=$4; . "$3" >/dev/null 2>&1; export -p)"; fi
exec "${mago_command[@]}"
