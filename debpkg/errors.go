package debpkg

import "fmt"

// FormatError says that a file is no intact Debian binary package.
type FormatError struct {
	Path   string
	Member string // the ar member at fault, "" for the archive as a whole
	Err    error
}

func (e *FormatError) Error() string {
	if e.Member == "" {
		return fmt.Sprintf("read package %s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("read package %s: %s: %v", e.Path, e.Member, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }

// FieldError says that a package's control paragraph may not have a field so.
type FieldError struct {
	Field, Value string
	Err          error
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("control field %s %.1000q: %v", e.Field, e.Value, e.Err)
}
func (e *FieldError) Unwrap() error { return e.Err }
