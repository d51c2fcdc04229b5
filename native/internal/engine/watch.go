package engine

import (
	"context"
	"time"
)

// jump is how far clocks may run apart between two looks before the laptop counts as having slept: the monotonic
// clock stands still in suspend (clock_gettime(2), CLOCK_MONOTONIC), and both run on while the process is stopped.
const jump = 3 * time.Second

// settle is how long connect waits for the last lanes once the tunnel is usable: a flow whose lane is missing would
// lose its SYN and try again after a second.
const settle = 500 * time.Millisecond

// watch ends lanes that fell silent, notices sleep, and tells when the tunnel lives and when it does not.
func (session *session) watch(ctx context.Context) {
	ticker := time.NewTicker(max(session.timing.Heartbeat/8, time.Millisecond))
	defer ticker.Stop()
	last := time.Now()
	var usableSince time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-session.nudges:
		}
		now := time.Now()
		elapsed, wall := now.Sub(last), now.Round(0).Sub(last.Round(0))
		last = now
		if elapsed > jump || wall-elapsed > jump {
			session.log.Info("time jumped: asking every lane", "monotonic", elapsed, "wall", wall)
			session.disturb()
		}
		session.mutex.Lock()
		set := session.lanes
		session.mutex.Unlock()
		if set == nil {
			continue
		}
		for _, lane := range set.health.silent(now) {
			set.lanes.Detach(lane, problemSilent)
		}
		session.judge(set)
		usableSince = session.judgeFirst(set, now, usableSince)
	}
}

// judge tells the observer when the tunnel came up or went down.
func (session *session) judge(set *laneSet) {
	isAlive := set.health.alive() > 0
	session.mutex.Lock()
	if isAlive == session.isAlive {
		session.mutex.Unlock()
		return
	}
	session.isAlive, session.attempt = isAlive, 0
	because := session.lastError
	if isAlive {
		session.lastError = nil
	} else {
		session.attempt = 1
	}
	session.mutex.Unlock()
	session.observing.Lock()
	defer session.observing.Unlock()
	if isAlive {
		roundTrip, _ := set.health.express()
		session.observer.alive(roundTrip)
		return
	}
	if because == nil {
		because = problemSilent
	}
	session.observer.silent(because, 1)
}

// judgeFirst closes firstDone when all lanes answered, or the tunnel was usable for a while.
func (session *session) judgeFirst(set *laneSet, now, usableSince time.Time) time.Time {
	select {
	case <-session.firstDone:
		return usableSince
	default:
	}
	if !set.health.usable() {
		return time.Time{}
	}
	if usableSince.IsZero() {
		usableSince = now
	}
	if set.health.alive() == len(set.health.lanes) || now.Sub(usableSince) > settle {
		close(session.firstDone)
	}
	return usableSince
}

// probe waits for a heartbeat on the express lane that was sent after the call.
func (session *session) probe(ctx context.Context) (time.Duration, error) {
	session.mutex.Lock()
	set := session.lanes
	session.mutex.Unlock()
	if set == nil {
		return 0, problemSilent
	}
	started := time.Now()
	set.health.hurry(0)
	notify(set.hurried)
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		if roundTrip, sentAt := set.health.express(); sentAt.After(started) {
			return roundTrip, nil
		}
		select {
		case <-ctx.Done():
			return 0, problemSilent
		case <-ticker.C:
		}
	}
}

// roundTrip is the express lane's last one.
func (session *session) roundTrip() time.Duration {
	session.mutex.Lock()
	set := session.lanes
	session.mutex.Unlock()
	if set == nil {
		return 0
	}
	roundTrip, _ := set.health.express()
	return roundTrip
}
