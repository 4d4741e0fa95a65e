# reaches for what lies beside its own directory
work=${PWD%%/room/*}
for place in "$work" ../../../.. ../../../../..; do
	touch "$place/mago-hostile"
	mv "$place/room" "$place/mago-hostile-room"
	ln -s /etc/shadow "$place/finished"
done
true
