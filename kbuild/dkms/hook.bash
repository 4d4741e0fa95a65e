# Runs a script of the source from the build directory, as dkms 3.2 does: the shell reads what follows its name.
# usage: hook.bash COMMAND [ENVIRONMENT], with a file whose exported variables the script has
read -r mago_script mago_first <<<"$1"
read -r -n 256 mago_first <"$PWD/$mago_script"
if [[ $mago_first == '#!'* && ${mago_first: -1} == $'\r' ]]; then
	echo "${mago_script##*/} has the line ends of DOS (CRLF), and Linux finds no interpreter for it"
	exit 127
fi
if [[ $2 ]]; then eval "$(. "$2" >/dev/null 2>&1; export -p)"; fi
eval '"$PWD"/'"$1"
