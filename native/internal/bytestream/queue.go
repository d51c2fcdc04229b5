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
	f.isControl, f.nextDue = true, nil
	if q.last == nil {
		q.first = f
	} else {
		q.last.nextDue = f
	}
	q.last = f
}

func (q *controlQueue) pop() *Flow {
	f := q.first
	q.first = f.nextDue
	if q.first == nil {
		q.last = nil
	}
	f.isControl, f.nextDue = false, nil
	return f
}
