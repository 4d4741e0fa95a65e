package word

// Target is what apt-get takes for a package to download or to install.
type Target struct {
	Name         Package
	Architecture Architecture // the zero value is the machine's own
	Version      Version      // the zero value is apt's candidate
}

// String is name[:architecture][=version].
func (t Target) String() string {
	text := t.Name.String()
	if !t.Architecture.IsZero() {
		text += ":" + t.Architecture.String()
	}
	if !t.Version.IsZero() {
		text += "=" + t.Version.String()
	}
	return text
}
