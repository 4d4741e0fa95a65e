package engine

// tellKept says where dpkg has left the administrator's file alone, and where the package's is.
func (at *aptTool) tellKept(conffile string) {
	at.say.note("kept", "%s as you have it; the package's version is %[1]s.dpkg-dist", conffile)
}
