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
func (client *agentClient) watch(ctx context.Context) {
	ticker := time.NewTicker(max(client.timing.Heartbeat/8, time.Millisecond))
	defer ticker.Stop()
	last := time.Now()
	var usableSince time.Time
	lull := &lull{limit: client.timing.LaneSilence}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-client.healthChanged:
		}
		now := time.Now()
		elapsed, wall := now.Sub(last), now.Round(0).Sub(last.Round(0))
		last = now
		if elapsed > jump || wall-elapsed > jump {
			client.log.Info("time jumped: asking every lane", "monotonic", elapsed, "wall", wall)
			client.revalidate()
		}
		client.mutex.Lock()
		set := client.lanes
		client.mutex.Unlock()
		if set == nil {
			continue
		}
		for _, lane := range set.health.silent(now) {
			set.lanes.Detach(lane, problemSilent)
		}
		client.judge(set, now, lull)
		usableSince = client.judgeFirst(set, now, usableSince)
	}
}

// judge tells the observer when the tunnel came up or went down.
func (client *agentClient) judge(set *laneSet, now time.Time, lull *lull) {
	packets, flows := set.health.alive() > 0, set.aliveFlowLanes() > 0
	if packets && flows {
		set.replacement.over()
	}
	client.mutex.Lock()
	isAlive := lull.judge(now, client.isAlive, packets, flows, set.replacement.began())
	if isAlive == client.isAlive {
		client.mutex.Unlock()
		return
	}
	client.isAlive, client.attempt = isAlive, 0
	because := client.lastError
	if isAlive {
		client.lastError = nil
	} else {
		client.attempt = 1
	}
	client.mutex.Unlock()
	client.observing.Lock()
	defer client.observing.Unlock()
	if isAlive {
		roundTrip, _ := set.health.express()
		client.observer.alive(roundTrip)
		return
	}
	if because == nil {
		because = problemSilent
	}
	client.observer.silent(because, 1)
}

// judgeFirst closes firstDone when all lanes answered, or the tunnel was usable for a while.
func (client *agentClient) judgeFirst(set *laneSet, now, usableSince time.Time) time.Time {
	select {
	case <-client.firstDone:
		return usableSince
	default:
	}
	if !set.health.usable() || set.aliveFlowLanes() == 0 {
		return time.Time{}
	}
	if usableSince.IsZero() {
		usableSince = now
	}
	if set.health.alive() == len(set.health.lanes) && set.aliveFlowLanes() == set.flowLanes || now.Sub(usableSince) > settle {
		close(client.firstDone)
	}
	return usableSince
}

// probe waits for a heartbeat on the express lane that was sent after the call.
func (client *agentClient) probe(ctx context.Context) (time.Duration, error) {
	client.mutex.Lock()
	set := client.lanes
	client.mutex.Unlock()
	if set == nil {
		return 0, problemSilent
	}
	started := time.Now()
	set.health.probeNow(0)
	notify(set.probes)
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
func (client *agentClient) roundTrip() time.Duration {
	client.mutex.Lock()
	set := client.lanes
	client.mutex.Unlock()
	if set == nil {
		return 0
	}
	roundTrip, _ := set.health.express()
	return roundTrip
}
