# Evaluates a dkms.conf and prints what it set: name NUL index NUL value NUL ...
# usage: evaluate.bash CONF NAME=VALUE..., with the directives' names in the array mago_directives
shopt -s extglob
mago_conf=$1; shift
mago_variables=("$@")
set --

mago_declare() { # what the file has made local or read-only, too, as far as that goes
	local mago_variable
	for mago_variable in "${mago_variables[@]}"; do printf -v "${mago_variable%%=*}" %s "${mago_variable#*=}" || :; done 2>/dev/null
}

# An administrator's framework.conf may hold dkms to fewer jobs and give builds an environment; the last that says one counts.
mago_framework() {
	local mago_file mago_jobs mago_set
	for mago_file in /etc/dkms/framework.conf /etc/dkms/framework.conf.d/*.conf; do
		if [[ -r $mago_file ]]; then
			mago_jobs=$(unset parallel_jobs; . "$mago_file" >/dev/null 2>&1; printf %s "$parallel_jobs")
			if [[ $mago_jobs =~ ^[1-9][0-9]{0,3}$ ]]; then mago_limit=$mago_jobs; fi
			mago_set=$(unset build_environment; . "$mago_file" >/dev/null 2>&1; printf %s "$build_environment")
			mago_environment=${mago_set:-$mago_environment}
		fi
	done
	if ((mago_limit && mago_limit < parallel_jobs)); then mago_variables+=("parallel_jobs=$mago_limit"); fi
}

# dkms hands a value from one shell to the other with echo, and reads it there between double quotes: blanks shrink
# to one, and what is left of quotes, escapes and variables goes. A value that this would tear apart stays as it is.
# A value may be long, and bash's patterns take the square of that or more: words and substrings do not.
mago_again() {
	local mago_words
	mago_value=$1
	if [[ ${mago_value: -1} == $'\r' ]]; then mago_value=${mago_value:0:-1}; fi
	mago_words=(x${mago_value}x) # which keeps a first and a last blank
	mago_value=${mago_words[*]}
	mago_value=${mago_value:1:-1}
	if eval "mago_words=(\"$mago_value\")" 2>/dev/null && ((${#mago_words[@]} == 1)); then mago_value=${mago_words[0]}; fi
}

# Prints what =~ says of an expression: 0 it matches, 1 it does not, 2 it is not an expression. usage: mago_verdict DIRECTIVE INDEX
mago_verdict() {
	local mago_subject
	case $1 in
	MAKE_MATCH | PATCH_MATCH | BUILD_EXCLUSIVE_KERNEL) mago_subject=$kernelver ;;
	BUILD_EXCLUSIVE_ARCH) mago_subject=$arch ;;
	*) return ;;
	esac
	[[ $mago_subject =~ $mago_value ]]
	printf '%s=~\0%s\0%s\0' "$1" "$2" $? >&3
}

mago_print() {
	local mago_name mago_index
	for mago_name in "${mago_directives[@]}"; do
		local -n mago_array=$mago_name
		for mago_index in "${!mago_array[@]}"; do
			mago_again "${mago_array[mago_index]}"
			printf '%s\0%s\0%s\0' "$mago_name" "$mago_index" "$mago_value" >&3
			mago_verdict "$mago_name" "$mago_index"
		done
		unset -n mago_array
	done
}

# As dkms does, a function reads the file: what that declares is local, and it may say "local".
mago_evaluate() {
	. "$mago_conf"
	mago_declare
	local mago_override
	for mago_override in "/etc/dkms/$module.conf" "/etc/dkms/$module-$module_version.conf" \
		"/etc/dkms/$module-$module_version-$kernelver.conf" "/etc/dkms/$module-$module_version-$kernelver-$arch.conf" \
		"/etc/dkms/$module--$kernelver.conf" "/etc/dkms/$module--$kernelver-$arch.conf"; do
		if [[ -r $mago_override ]]; then . "$mago_override"; elif [[ -e $mago_override ]]; then mago_closed+=("$mago_override"); fi
	done
	set +eu -f
	shopt -u nocasematch
	IFS=$' \t\n'
	mago_declare
	mago_print
}

# That the file cannot be read, or bash not be started, says nothing of the file: then nothing is printed.
: <"$mago_conf" || exit
bash -O extglob -n "$mago_conf"
case $? in
0) printf 'mago-begin-of-conf\0' ;;
1 | 2 | 126) printf 'mago-bad-syntax\0'; exit 1 ;; # 126: a binary file
*) exit ;;
esac
exec 3>&1 >/dev/null
mago_limit=0 mago_environment= mago_closed=()
mago_declare
mago_framework
mago_declare
export kernelver arch module module_version # which dkms has in the environment of what the file runs, too
mago_evaluate
if ((mago_limit)); then printf 'parallel_jobs\0000\0%s\0' "$mago_limit" >&3; fi
if [[ $mago_environment ]]; then printf 'build_environment\0000\0%s\0' "$mago_environment" >&3; fi
for mago_index in "${!mago_closed[@]}"; do printf 'closed\0%s\0%s\0' "$mago_index" "${mago_closed[mago_index]}" >&3; done
printf 'mago-end-of-conf\0' >&3
