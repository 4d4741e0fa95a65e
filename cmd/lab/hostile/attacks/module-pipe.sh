# gives something else for the module
rm -rf hello.ko
mkfifo hello.ko
true
