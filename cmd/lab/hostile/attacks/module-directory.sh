# gives something else for the module
rm -rf hello.ko
mkdir hello.ko
true
