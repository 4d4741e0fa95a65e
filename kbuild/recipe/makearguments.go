package recipe

import "strings"

// makeArguments are the job's, quoted for a shell, for a MAKE directive of a dkms.conf.
func (b *dkmsBuild) makeArguments(command string) string {
	text := shellQuoted(b.Job.MakeArguments)
	b.Log.Note("each make gets %s", text)
	if !callsMake().MatchString(command) {
		b.Warn("the MAKE of dkms.conf calls no make itself, so that Make-Arguments do not count: %s", command)
	}
	return text
}

// callsMake finds a make that a command calls by its bare name.
var callsMake = pattern(`(?:^|[\s;&|({!])["']?make["']?(?:[\s;&|)}]|$)`)

// shellQuoted gives words for a shell, which expands nothing in them.
func shellQuoted(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}
