package word

// Release is a kernel's release, as uname -r prints it.
type Release = word[release]

// ParseRelease fails with an *Error.
func ParseRelease(text string) (Release, error) { return parse[release](text) }

type release struct{}

func (release) rules() rules {
	return rules{
		kind: "kernel release", why: "not letters, digits, ., _, +, ~, - that begin with a letter or digit",
		first: letters + digits, rest: letters + digits + "._+~-", most: 64, // the kernel's own bound, utsname(2)
	}
}

// Module is the name of a module, which modprobe and depmod.d(5) part from others by blanks.
type Module = word[module]

// ParseModule fails with an *Error.
func ParseModule(text string) (Module, error) { return parse[module](text) }

type module struct{}

func (module) rules() rules {
	return rules{
		kind: "module name", why: "not letters, digits, ., _, +, ~, - that begin with a letter, a digit or _",
		first: letters + digits + "_", rest: letters + digits + "._+~-", most: 128,
	}
}

// Program is the name of a program that the build's PATH finds, such as gcc-12, x86_64-linux-gnu-gcc-12 or clang-16.
type Program = word[program]

// ParseProgram fails with an *Error.
func ParseProgram(text string) (Program, error) { return parse[program](text) }

type program struct{}

func (program) rules() rules {
	return rules{
		kind: "program name", why: "not letters, digits, ., _, +, - that begin with a letter or digit",
		first: letters + digits, rest: letters + digits + "._+-", most: 64,
	}
}

// DKMS is what dkms knows a source by, PACKAGE_NAME or PACKAGE_VERSION, which become parts of directories' names.
type DKMS = word[dkms]

// ParseDKMS fails with an *Error.
func ParseDKMS(text string) (DKMS, error) { return parse[dkms](text) }

type dkms struct{}

func (dkms) rules() rules {
	return rules{
		kind: "dkms name", why: "not letters, digits, ., _, +, ~, :, - that begin with a letter or digit",
		first: letters + digits, rest: letters + digits + "._+~:-", most: 128,
	}
}
