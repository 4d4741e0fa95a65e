# Evaluates a dkms.conf and prints what it set: name NUL index NUL value NUL ...
# usage: evaluate.bash CONF NAME=VALUE...
conf=$1; shift
for assignment; do declare -g "${assignment?}"; done
set --
exec 3>&1 >&2
. "$conf"
for override in "/etc/dkms/$PACKAGE_NAME.conf" "/etc/dkms/$PACKAGE_NAME-$PACKAGE_VERSION.conf" \
	"/etc/dkms/$PACKAGE_NAME-$PACKAGE_VERSION-$kernelver.conf" "/etc/dkms/$PACKAGE_NAME-$PACKAGE_VERSION-$kernelver-$arch.conf"; do
	if [[ -r $override ]]; then . "$override"; fi
done
for mago_name in PACKAGE_NAME PACKAGE_VERSION BUILT_MODULE_NAME BUILT_MODULE_LOCATION DEST_MODULE_NAME DEST_MODULE_LOCATION \
	STRIP MAKE MAKE_MATCH PATCH PATCH_MATCH PRE_BUILD POST_BUILD BUILD_DEPENDS BUILD_EXCLUSIVE_KERNEL \
	BUILD_EXCLUSIVE_KERNEL_MIN BUILD_EXCLUSIVE_KERNEL_MAX BUILD_EXCLUSIVE_ARCH BUILD_EXCLUSIVE_CONFIG; do
	declare -n mago_value=$mago_name
	for mago_index in "${!mago_value[@]}"; do
		printf '%s\0%s\0%s\0' "$mago_name" "$mago_index" "${mago_value[mago_index]}" >&3
	done
	unset -n mago_value
done
printf 'mago-end-of-conf\0' >&3
