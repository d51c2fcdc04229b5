package engine

import (
	"context"
	"slices"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// carriers are the ways to the agent, the cheapest first.
type carriers []carrier.Carrier

func newCarriers(makers []carrier.New, cluster wire.ClusterAddress, credentials carrier.CredentialSource) (carriers, error) {
	var made carriers
	for _, maker := range makers {
		one, err := maker(cluster, credentials)
		if err != nil {
			return nil, err
		}
		made = append(made, one)
	}
	slices.SortStableFunc(made, func(left, right carrier.Carrier) int { return left.Cost().Compare(right.Cost()) })
	return made, nil
}

// packeter is what carriers of every kind make of a lane's stream.
type packeter interface {
	Packets(carrier.Stream) carrier.Packets
}

// dial opens a stream by the first carrier that can. The error is that of the last one, which costs most and reaches
// the agent wherever any does.
func (carriers carriers) dial(ctx context.Context, target wire.AgentTarget) (*carriedStream, error) {
	err := error(problemSilent)
	for _, one := range carriers {
		var stream carrier.Stream
		if stream, err = one.Dial(ctx, target); err == nil {
			return &carriedStream{Stream: stream, by: one}, nil
		}
	}
	return nil, err
}

// name is that of the first, which is tried first.
func (carriers carriers) name() string {
	if len(carriers) == 0 {
		return ""
	}
	return carriers[0].Name()
}
