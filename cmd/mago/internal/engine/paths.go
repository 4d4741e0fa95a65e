package engine

// Paths is where mago keeps things; host paths all.
type Paths struct {
	Cache string // index.json, downloads/, trees/, and what follows
	Dest  string // where copies of them go, "" for nowhere
}
