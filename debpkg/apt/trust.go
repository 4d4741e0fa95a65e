package apt

// TrustArgs are the arguments, to stand behind all others, that decide for one run of apt-get whether it takes packages
// from archives whose signature it could not check, whatever apt.conf(5) says.
func TrustArgs(unauthenticated bool) []string {
	if unauthenticated {
		return []string{"-o", "APT::Get::AllowUnauthenticated=true", "-o", "Acquire::AllowInsecureRepositories=true"}
	}
	return []string{
		"-o", "APT::Get::AllowUnauthenticated=false", "-o", "APT::Get::Force-Yes=false",
		"-o", "Acquire::AllowInsecureRepositories=false", "-o", "Acquire::AllowWeakRepositories=false",
		"-o", "Acquire::AllowDowngradeToInsecureRepositories=false",
	}
}
