# has something to say to root's terminal
printf 'hello.c:1:1: error: \033]0;ESCAPED\007\033[2J\033[31m\xc2\x9bred \xe2\x80\xae desrever\n'
exit 1
