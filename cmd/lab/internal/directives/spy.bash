# What dkms has of a dkms.conf: its directives when it has sourced the file, and what it made of them when it has read all.
# Of both it prints name NUL index NUL value NUL, to descriptor 3; then it is to end.
unset BASH_ENV
set -T

spy_print() { # NAME...
	local spy_name spy_index
	for spy_name; do
		declare -n spy_array=$spy_name
		for spy_index in "${!spy_array[@]}"; do printf '%s\0%s\0%s\0' "$spy_name" "$spy_index" "${spy_array[spy_index]}"; done >&3
		unset -n spy_array
	done
}

spy() { # FUNCTION CALLER
	case $1 in
	safe_source) [[ $2 != read_conf ]] || spy_print $(printf '%s\n' $dkms_conf_variables | grep '^[A-Z]' | grep -v '^CLEAN$') ;;
	read_conf)
		spy_print dkms_conf_variables make_command patch_array built_module_name built_module_location dest_module_name strip build_exclude return_value
		[[ $2 == read_conf_strict ]] || exit 0 ;;
	read_conf_strict) # has a return_value of its own once the other is 0
		spy_print return_value
		exit 0 ;;
	esac
}

trap 'spy "${FUNCNAME[0]}" "${FUNCNAME[1]}"' RETURN
