package engine

import (
	"context"
	"sync"
	"time"

	"slipway/native/internal/wire"
)

// recentCredentials is how long fresh credentials answer for a 401 that was earned with the ones before: every
// lane dials by itself, so one expiry is refused several times at once.
const recentCredentials = 2 * time.Second

// credentialBroker holds the cluster's credentials in memory and asks the core for new ones, once for all who wait.
type credentialBroker struct {
	patience time.Duration
	ask      func()

	mutex     sync.Mutex
	current   wire.ClusterCredentials
	renewedAt time.Time
	askedAt   time.Time
	waiting   chan struct{} // closed when new ones came; nil when none were asked for
}

func newCredentialBroker(patience time.Duration, ask func()) *credentialBroker {
	return &credentialBroker{patience: patience, ask: ask}
}

// begin sets the credentials of a new connection.
func (broker *credentialBroker) begin(credentials wire.ClusterCredentials) {
	broker.mutex.Lock()
	defer broker.mutex.Unlock()
	broker.current, broker.renewedAt = credentials, time.Time{}
}

// renew takes the core's answer.
func (broker *credentialBroker) renew(credentials wire.ClusterCredentials) {
	broker.mutex.Lock()
	defer broker.mutex.Unlock()
	broker.current, broker.renewedAt = credentials, time.Now()
	if broker.waiting != nil {
		close(broker.waiting)
		broker.waiting = nil
	}
}

// get is the carriers' carrier.CredentialSource.
func (broker *credentialBroker) get(ctx context.Context, refused bool) (wire.ClusterCredentials, error) {
	broker.mutex.Lock()
	if !refused || time.Since(broker.renewedAt) < recentCredentials {
		defer broker.mutex.Unlock()
		return broker.current, nil
	}
	if broker.waiting == nil {
		broker.waiting = make(chan struct{})
		broker.askedAt = time.Time{}
	}
	waiting := broker.waiting
	// The waits of all who asked before may have ended without an answer.
	due := time.Since(broker.askedAt) > broker.patience
	if due {
		broker.askedAt = time.Now()
	}
	broker.mutex.Unlock()
	if due {
		broker.ask()
	}
	timer := time.NewTimer(broker.patience)
	defer timer.Stop()
	select {
	case <-waiting:
		broker.mutex.Lock()
		defer broker.mutex.Unlock()
		return broker.current, nil
	case <-ctx.Done():
		return wire.ClusterCredentials{}, ctx.Err()
	case <-timer.C:
		return wire.ClusterCredentials{}, &wire.Problem{
			Code: wire.CodeUnauthorized, Cause: "the API server refused the credentials and no others came",
		}
	}
}
