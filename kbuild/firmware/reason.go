package firmware

// Reason is why a module loads or does not, as a sentence about the module's signature.
type Reason string

const (
	Trusted          Reason = "the kernel trusts its certificate"
	NotWanted        Reason = "the kernel asks for no signatures"
	NotEnrolled      Reason = "its certificate is neither in db nor in MOK"
	PendingEnrolment Reason = "its certificate is enrolled when the blue screen of the next boot is answered"
	NotRead          Reason = "the running kernel does not have its certificate"
	PendingRemoval   Reason = "its certificate is removed when the blue screen of the next boot is answered"
	Revoked          Reason = "its certificate is revoked"
	MOKIgnored       Reason = "its certificate is in MOK, which the kernel reads only under Secure Boot"
	DBIgnored        Reason = "its certificate is in db, which shim was told to ignore"
	NotForModules    Reason = "the kernel is not Debian's, and which of its certificates it verifies modules with cannot be read"
	UnusableKey      Reason = "the kernel cannot use keys of its kind" // Unusable says why
	HiddenLists      Reason = "the firmware's variables cannot be read"
	HiddenKeys       Reason = "the kernel's keys (/proc/keys) cannot be read"
	HiddenDemand     Reason = "whether the kernel asks for signatures cannot be read"
)
