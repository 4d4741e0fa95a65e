package recipe

import (
	"bytes"
	"regexp"
	"strconv"
)

// parallelJobs is the variable of dkms that a dkms.conf has the number of compilers from.
const parallelJobs = "parallel_jobs"

var (
	asMakesJobs = pattern(`(?:-j|--jobs[ =])\s*["']?\\?\$(?:parallel_jobs\b|\{parallel_jobs\})`)
	readsFiles  = regexp.MustCompile(`(?m)(?:^|[;&|({\s])(?:\.|source|eval|declare|set|env|printenv)\s|\$\{!`)
)

// mayReadJobs reports whether what a dkms.conf evaluates to can depend on the number of compilers.
func mayReadJobs(text []byte) bool {
	return bytes.Contains(text, []byte(parallelJobs)) || readsFiles.Match(text)
}

// mayCountProcessors reports the same of the processors that nproc(1) counts.
func mayCountProcessors(text []byte) bool {
	return bytes.Contains(text, []byte("nproc")) || readsFiles.Match(text)
}

// processors is the variable by which nproc(1) counts no more than the build is to use.
func (j Job) processors() []string {
	if j.AtMost == 0 {
		return nil
	}
	return []string{"OMP_THREAD_LIMIT=" + strconv.Itoa(j.AtMost)}
}

// JobsShape reports whether a source's dkms.conf takes the number of compilers for something else than make's -j, which changes
// nothing that is built.
func JobsShape(source Source) bool {
	text, err := source.conf()
	return err == nil && bytes.Contains(asMakesJobs().ReplaceAll(text, nil), []byte(parallelJobs))
}
