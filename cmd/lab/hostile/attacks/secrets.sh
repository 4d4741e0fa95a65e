# looks for what mago was given and its builds are not
env | grep MAGO_HOSTILE_SECRET && echo ESCAPED: a secret in the environment
env | grep CREDENTIALS_DIRECTORY && echo ESCAPED: where the passphrase lies
for fd in 3 4 5 6 7 8 9; do timeout 1 cat <&$fd | grep -a -e SECRET -e PASSPHRASE && echo ESCAPED: a secret in descriptor $fd; done 2>/dev/null
true
