# gives something else for the module
rm -rf hello.ko
ln -sf /etc/shadow hello.ko
true
