# Runs one build directive of a dkms.conf from the build directory, as dkms does: a leading word "make" gets the
# jobserver, in the place of dkms's -j$parallel_jobs, and the kernel's release. With mago_each=1 all that it calls gets the jobserver.
# Each make that it calls by that name has the words of mago_arguments behind its own.
# usage: make.bash CONF DIRECTIVE NAME=VALUE...
shopt -s extglob
mago_conf=$1 mago_directive=$2; shift 2
mago_variables=("$@") mago_directory=$PWD
set --

mago_declare() { # what the file has made local or read-only, too, as far as that goes
	local mago_variable
	for mago_variable in "${mago_variables[@]}"; do printf -v "${mago_variable%%=*}" %s "${mago_variable#*=}" || :; done 2>/dev/null
}

mago_make() { # a function, as in evaluate.bash
	. "$mago_conf" >/dev/null
	set +eu
	mago_declare
	cd "$mago_directory" || exit
	if [[ $build_environment ]]; then eval "$(. "$build_environment" >/dev/null 2>&1; export -p)"; fi
	if [[ $mago_each ]]; then export MAKEFLAGS=$mago_makeflags; fi
	if [[ $mago_arguments ]]; then make() { eval 'command make "$@"' "$mago_arguments"; }; fi
	eval "${mago_directive/#make/MAKEFLAGS=\$mago_makeflags make KERNELRELEASE=$kernelver}"
}

mago_declare
mago_make
