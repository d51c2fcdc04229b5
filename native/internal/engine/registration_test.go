package engine

import (
	"errors"
	"testing"

	"slipway/native/internal/wire"
)

// An agent runs in a cluster: nothing that it grants is believed.
func TestRegistrationsThatAreNotBelieved(t *testing.T) {
	six := wire.SessionAddresses{Laptop: "fd34:8a0f:448:7::2", Engine: "fd34:8a0f:448:7::3", Agent: "fd34:8a0f:448::1"}
	good := wire.SessionAddresses{Laptop: "198.18.7.2", Engine: "198.18.7.3", Agent: "198.18.0.1"}
	with := func(change func(*wire.Registered)) wire.Registered {
		granted := wire.Registered{Addresses: []wire.SessionAddresses{good, six}, Lanes: 1, FlowLanes: 4, MTU: 16000}
		change(&granted)
		return granted
	}
	if checked, err := checkRegistration(with(func(*wire.Registered) {})); err != nil || checked.laptopPrefixes()[0] != "198.18.7.2/32" ||
		checked.allowedIPs()[0].String() != "0.0.0.0/0" {
		t.Fatalf("a good one: %+v, %v", checked, err)
	}
	for name, granted := range map[string]wire.Registered{
		"no addresses":             with(func(granted *wire.Registered) { granted.Addresses = nil }),
		"addresses twice":          with(func(granted *wire.Registered) { granted.Addresses = append(granted.Addresses, good) }),
		"a laptop of the cluster":  with(func(granted *wire.Registered) { granted.Addresses[0].Laptop = "10.0.0.1" }),
		"an engine on the LAN":     with(func(granted *wire.Registered) { granted.Addresses[0].Engine = "192.168.1.1" }),
		"an agent on the internet": with(func(granted *wire.Registered) { granted.Addresses[0].Agent = "8.8.8.8" }),
		"the same twice":           with(func(granted *wire.Registered) { granted.Addresses[0].Engine = good.Laptop }),
		"one family":               with(func(granted *wire.Registered) { granted.Addresses = granted.Addresses[:1] }),
		"families in turn":         with(func(granted *wire.Registered) { granted.Addresses = []wire.SessionAddresses{six, good} }),
		"another's of IPv6":        with(func(granted *wire.Registered) { granted.Addresses[1].Engine = "fd00::3" }),
		"no address":               with(func(granted *wire.Registered) { granted.Addresses[0].Laptop = "laptop" }),
		"no lane":                  with(func(granted *wire.Registered) { granted.Lanes = 0 }),
		"no flow lane":             with(func(granted *wire.Registered) { granted.FlowLanes = 0 }),
		"many of flows":            with(func(granted *wire.Registered) { granted.FlowLanes = 1000 }),
		"many lanes":               with(func(granted *wire.Registered) { granted.Lanes = 1000 }),
		"a tiny MTU":               with(func(granted *wire.Registered) { granted.MTU = 500 }),
		"an endless MTU":           with(func(granted *wire.Registered) { granted.MTU = 1 << 20 }),
	} {
		var problem *wire.Problem
		if _, err := checkRegistration(granted); !errors.As(err, &problem) || problem.Code != wire.CodeMessageMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
}
