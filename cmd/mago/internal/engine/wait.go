package engine

import "fmt"

// tellWaiting shows for whom is waited: in a line, but on a terminal in the live one, for whom it is by now. Whoever was waited for may have installed something.
func tellWaiting[E interface {
	error
	comparable
}](say reporter, over func()) func(E) {
	var p *step
	return func(busy E) {
		switch none := *new(E); {
		case busy == none:
			p.end()
			p = nil
			over()
		case p == nil:
			p = say.begin("wait", busy.Error())
		default:
			p.update(busy.Error())
		}
	}
}

// tellFinishing says why a signal does not end mago at once.
func (b *base) tellFinishing(tool string) {
	const why = "to stop dpkg half way would leave packages half installed"
	text := fmt.Sprintf("waiting for %s to end: %s", tool, why)
	b.say.warn(text)
}
