package engine

import (
	"context"
	"net"
	"net/netip"
	"time"

	"slipway/native/internal/wire"
)

// Waits of the steps of a test. A stub resolver asks again after 5 s; a SYN is sent again after 1 s and 3 s.
const (
	testName       = 6 * time.Second
	testTunnel     = 3 * time.Second
	testConnection = 5 * time.Second
)

// test goes the way that a program of the laptop goes: it asks the system's resolver, lets the kernel choose the
// route, and dials an ordinary socket. It stops at the first step that fails.
func test(ctx context.Context, connection *connection, command wire.TestCommand) wire.TestedEvent {
	event := wire.TestedEvent{ID: command.ID, Steps: []wire.TestedStep{}}
	var address netip.Addr
	var made exchange
	defer func() {
		if made.socket != nil {
			made.socket.Close()
		}
	}()
	for _, step := range []struct {
		name string
		take func() (string, *wire.Problem)
	}{
		{"name", func() (answer string, problem *wire.Problem) {
			address, problem = resolve(ctx, connection, command.Host)
			if connection != nil {
				address = connection.known(address)
			}
			return address.String(), problem
		}},
		{"route", func() (string, *wire.Problem) { return routeTo(ctx, connection, address, command.OwnWay) }},
		{"tunnel", func() (string, *wire.Problem) { return "", answersHeartbeat(ctx, connection) }},
		{"connection", func() (string, *wire.Problem) {
			return "", made.dial(ctx, connection, netip.AddrPortFrom(address, uint16(command.Port)))
		}},
		{"request", func() (string, *wire.Problem) { return made.ask(command) }},
	} {
		if step.name == "connection" && command.Port == 0 || step.name == "request" && command.Request == "" {
			break
		}
		started := time.Now()
		answer, problem := step.take()
		result := wire.TestedStep{Step: step.name, Microseconds: time.Since(started).Microseconds(), Answer: answer, Problem: problem}
		if problem != nil {
			result.Answer = ""
		}
		event.Steps = append(event.Steps, result)
		if problem != nil {
			break
		}
	}
	if made.socket != nil && !command.OwnWay {
		event.Times = made.times(connection.path) // it is there, and stays: the tunnel answered
	}
	return event
}

func resolve(ctx context.Context, connection *connection, host string) (netip.Addr, *wire.Problem) {
	if address, err := netip.ParseAddr(host); err == nil {
		return address, nil
	}
	ctx, cancel := context.WithTimeout(ctx, testName)
	defer cancel()
	if proxied := connection.asProxied(); proxied != nil { // who comes through the proxy asks it
		address, _, err := proxied.Resolve(ctx, host)
		if err != nil {
			return netip.Addr{}, &wire.Problem{Code: wire.CodeNameUnknown, Cause: err.Error()}
		}
		if address.IsValid() {
			return address, nil
		}
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(addresses) == 0 {
		if err != nil {
			return netip.Addr{}, &wire.Problem{Code: wire.CodeNameUnknown, Cause: err.Error()}
		}
		return netip.Addr{}, wire.CauseNoAddress.Problem(wire.CodeNameUnknown, "host", host)
	}
	return addresses[0].Unmap(), nil
}

// routeTo asks the kernel for its choice: connecting a UDP socket sends nothing, and binds the source address. Of a laptop that
// has ways of its own there is one if there is any.
func routeTo(ctx context.Context, connection *connection, address netip.Addr, ownWay bool) (string, *wire.Problem) {
	missing := wire.CauseNotIntoTunnel.Problem(wire.CodeRouteMissing, "address", address)
	if connection == nil {
		return "", missing
	}
	connection.mutex.Lock()
	path, interfaceName := connection.path, connection.tun.Interface
	connection.mutex.Unlock()
	socket, err := connection.dial(ctx, "udp", netip.AddrPortFrom(address, 9).String())
	if err != nil {
		return "", &wire.Problem{Code: wire.CodeRouteMissing, Cause: err.Error()}
	}
	defer socket.Close()
	if ownWay {
		return "", nil
	}
	source, isUDP := socket.LocalAddr().(*net.UDPAddr)
	if path == nil || !isUDP || !path.laptop.Has(source.AddrPort().Addr().Unmap()) {
		return "", missing
	}
	return interfaceName, nil
}

func answersHeartbeat(ctx context.Context, connection *connection) *wire.Problem {
	ctx, cancel := context.WithTimeout(ctx, testTunnel)
	defer cancel()
	if _, err := connection.agent.probe(ctx); err != nil {
		return asProblem(err, wire.CodeTunnelSilent)
	}
	return nil
}
