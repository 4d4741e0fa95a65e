# reads what is another's
cat "$VICTIM/secret" && echo && echo ESCAPED: read a file of the host
ls /root /home/* 2>&1 | grep -q . && ls /root && echo ESCAPED: listed root\'s home
cat /etc/shadow && echo ESCAPED: read /etc/shadow
