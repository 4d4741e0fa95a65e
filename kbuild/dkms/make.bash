# Runs one build directive of a dkms.conf from the build directory, as dkms does: a leading word "make" gets the
# number of jobs and the kernel's release.
# usage: make.bash CONF DIRECTIVE NAME=VALUE...
conf=$1 directive=$2; shift 2
for assignment; do declare -g "${assignment?}"; done
set --
. "$conf" >/dev/null
eval "${directive/#make/make -j$parallel_jobs KERNELRELEASE=$kernelver}"
