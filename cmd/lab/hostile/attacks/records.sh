# reaches for what lies beside its own directory
work=${PWD%%/tree/*}
for place in "$work" ../../../.. ../../../../..; do
	touch "$place/mago-hostile"
	mv "$place/tree" "$place/mago-hostile-tree"
	ln -s /etc/shadow "$place/finished"
done
true
