# takes memory without end
x=x
while :; do x=$x$x; done
