# ends all that it can
kill -9 -1
