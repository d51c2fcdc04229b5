package bytestream

// flowQueue is a list of flows that have something to send, in order; a flow is in one at most.
type flowQueue struct {
	first, last *Flow
	count       int
}

func (q *flowQueue) push(f *Flow) {
	f.queued, f.next = q, nil
	if q.last == nil {
		q.first = f
	} else {
		q.last.next = f
	}
	q.last = f
	q.count++
}

func (q *flowQueue) pop() *Flow {
	f := q.first
	q.first = f.next
	if q.first == nil {
		q.last = nil
	}
	f.queued, f.next = nil, nil
	q.count--
	return f
}

// controlQueue is the list of flows that have control frames to send.
type controlQueue struct{ first, last *Flow }

func (q *controlQueue) push(f *Flow) {
	f.isControl, f.nextDue, f.previousDue = true, nil, q.last
	if q.last == nil {
		q.first = f
	} else {
		q.last.nextDue = f
	}
	q.last = f
}

func (q *controlQueue) pop() *Flow {
	f := q.first
	q.remove(f)
	return f
}

// remove takes out a flow that is in it.
func (q *controlQueue) remove(f *Flow) {
	if f.previousDue == nil {
		q.first = f.nextDue
	} else {
		f.previousDue.nextDue = f.nextDue
	}
	if f.nextDue == nil {
		q.last = f.previousDue
	} else {
		f.nextDue.previousDue = f.previousDue
	}
	f.isControl, f.nextDue, f.previousDue = false, nil, nil
}
