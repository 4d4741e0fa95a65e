# Evaluates a dkms.conf and prints what it set: name NUL index NUL value NUL ...
# usage: evaluate.bash CONF NAME=VALUE...
shopt -s extglob
mago_conf=$1; shift
mago_variables=("$@")
set --

mago_declare() {
	local mago_variable
	for mago_variable in "${mago_variables[@]}"; do declare -g "${mago_variable?}"; done
}

# dkms hands a value from one shell to the other with echo, and reads it there between double quotes: blanks shrink
# to one, and what is left of quotes, escapes and variables goes. A value that this would tear apart stays as it is.
mago_again() {
	local mago_words
	mago_value=${1//+([[:space:]])/ }
	if eval "mago_words=(\"$mago_value\")" 2>/dev/null && ((${#mago_words[@]} == 1)); then mago_value=${mago_words[0]}; fi
}

if ! bash -O extglob -n "$mago_conf"; then
	printf 'mago-bad-syntax\0'
	exit 1
fi
exec 3>&1 >&2
mago_declare
. "$mago_conf"
for mago_override in "/etc/dkms/$PACKAGE_NAME.conf" "/etc/dkms/$PACKAGE_NAME-$PACKAGE_VERSION.conf" \
	"/etc/dkms/$PACKAGE_NAME-$PACKAGE_VERSION-$kernelver.conf" "/etc/dkms/$PACKAGE_NAME-$PACKAGE_VERSION-$kernelver-$arch.conf"; do
	if [[ -r $mago_override ]]; then . "$mago_override"; fi
done
set +eu -f
mago_declare
for mago_name in PACKAGE_NAME PACKAGE_VERSION BUILT_MODULE_NAME BUILT_MODULE_LOCATION DEST_MODULE_NAME DEST_MODULE_LOCATION \
	STRIP MAKE MAKE_MATCH PATCH PATCH_MATCH PRE_BUILD POST_BUILD BUILD_DEPENDS BUILD_EXCLUSIVE_KERNEL \
	BUILD_EXCLUSIVE_KERNEL_MIN BUILD_EXCLUSIVE_KERNEL_MAX BUILD_EXCLUSIVE_ARCH BUILD_EXCLUSIVE_CONFIG; do
	declare -n mago_array=$mago_name
	for mago_index in "${!mago_array[@]}"; do
		mago_again "${mago_array[mago_index]}"
		printf '%s\0%s\0%s\0' "$mago_name" "$mago_index" "$mago_value" >&3
	done
	unset -n mago_array
done
printf 'mago-end-of-conf\0' >&3
