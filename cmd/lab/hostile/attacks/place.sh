# has a later step shown a directory of the host in the place of its own
cd /var/lib/dkms/hello/1.0 2>/dev/null || exit 0
if [ -L source ]; then
	grep -s SECRET /usr/src/hello-1.0/secret && echo ESCAPED: read a file of the host
	echo overwritten > /usr/src/hello-1.0/secret
else
	mv source source.own && ln -s "$VICTIM" source
fi
true
