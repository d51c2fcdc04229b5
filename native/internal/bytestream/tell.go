package bytestream

// told is what is to be told of one flow.
type told struct {
	flow *Flow
	what event
}

// finish ends every method that changed something: it sends what can be sent now, gives the lock back, and tells events.
func (s *Session) finish() {
	if s.isDirty {
		s.dispatchLocked()
	}
	if len(s.telling) == 0 && !s.changed {
		s.mu.Unlock()
		return
	}
	var few [4]told
	list := few[:0]
	for _, f := range s.telling {
		list = append(list, told{f, f.untold})
		f.untold = 0
	}
	clear(s.telling)
	s.telling = s.telling[:0]
	changed := s.changed && s.config.Changed != nil
	s.changed = false
	s.mu.Unlock()
	if changed {
		s.config.Changed()
	}
	for _, one := range list {
		one.flow.tellEvents(one.what)
	}
}

// tellEvents tells events of a flow, and those that came meanwhile. One goroutine at a time does so.
func (f *Flow) tellEvents(what event) {
	s := f.session
	for {
		f.tellOnce(what)
		s.mu.Lock()
		what, f.untold = f.untold, 0
		if what == 0 {
			f.isTelling = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

func (f *Flow) tellOnce(what event) {
	if what&eventOpened != 0 {
		f.events = f.session.config.Accept(f, f.opening) // only the goroutine that tells looks at it
	}
	if f.events == nil {
		return
	}
	if what&eventAnswered != 0 {
		f.events.Answered(f.verdict)
	}
	if what&eventReset != 0 {
		f.events.Reset(f.cause)
		return
	}
	if what&eventReadable != 0 {
		f.events.Readable()
	}
	if what&eventWritable != 0 {
		f.events.Writable()
	}
}
