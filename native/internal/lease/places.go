package lease

import (
	"context"
	"time"
)

// admit gives a link a place and returns true, or returns false where there is none. Links that may hold the lease have
// places of their own, so that any number of programs that ask cannot keep the engine out; within its kind a newcomer
// takes the place of the one that was silent for longest, so that idle ones cannot keep anybody out. The link that
// holds the lease keeps its place. Once ctx has ended nobody gets one.
func (server *Server) admit(ctx context.Context, newcomer *link) bool {
	server.mu.Lock()
	defer server.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	var alike int
	var silent *link
	for open := range server.open {
		if open.mayHold() != newcomer.mayHold() {
			continue
		}
		alike++
		if !open.leased.Load() && (silent == nil || open.heardAt().Before(silent.heardAt())) {
			silent = open
		}
	}
	if alike >= maxAlike {
		if silent == nil {
			return false
		}
		server.Log.Warn("a silent link makes room for another")
		silent.conn.Close()
		delete(server.open, silent)
	}
	server.connectedAt = time.Now()
	server.open[newcomer] = struct{}{}
	server.serving.Add(1)
	return true
}

func (server *Server) leave(gone *link) {
	server.mu.Lock()
	defer server.mu.Unlock()
	server.connectedAt = time.Now()
	delete(server.open, gone)
}

// isUnused tells whether the helper may end. To ask is no use of it that could go on for ever.
func (server *Server) isUnused(now time.Time) bool {
	server.mu.Lock()
	defer server.mu.Unlock()
	for open := range server.open {
		server.connectedAt = now
		if open.leased.Load() {
			server.heldAt = now
		}
	}
	return now.Sub(server.connectedAt) >= server.IdleExit || now.Sub(server.heldAt) >= longestUnused*server.IdleExit
}
