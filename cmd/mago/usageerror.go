package main

// usageError is a command line that mago does not understand.
type usageError struct{ Err error }

func (e *usageError) Error() string { return e.Err.Error() }

func (e *usageError) Unwrap() error { return e.Err }
