package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
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
	for _, step := range []struct {
		name string
		take func() (string, *wire.Problem)
	}{
		{"name", func() (answer string, problem *wire.Problem) {
			address, problem = resolve(ctx, command.Host)
			return address.String(), problem
		}},
		{"route", func() (string, *wire.Problem) { return routeTo(ctx, connection, address) }},
		{"tunnel", func() (string, *wire.Problem) { return "", answersHeartbeat(ctx, connection) }},
		{"connection", func() (string, *wire.Problem) {
			return "", dialOrdinarily(ctx, connection, netip.AddrPortFrom(address, uint16(command.Port)))
		}},
	} {
		if step.name == "connection" && command.Port == 0 {
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
	return event
}

func resolve(ctx context.Context, host string) (netip.Addr, *wire.Problem) {
	if address, err := netip.ParseAddr(host); err == nil {
		return address, nil
	}
	ctx, cancel := context.WithTimeout(ctx, testName)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	if err != nil || len(addresses) == 0 {
		if err != nil {
			return netip.Addr{}, &wire.Problem{Code: wire.CodeNameUnknown, Cause: err.Error()}
		}
		return netip.Addr{}, wire.CauseNoAddress.Problem(wire.CodeNameUnknown, "host", host)
	}
	return addresses[0].Unmap(), nil
}

// routeTo asks the kernel for its choice: connecting a UDP socket sends nothing, and binds the source address.
func routeTo(ctx context.Context, connection *connection, address netip.Addr) (string, *wire.Problem) {
	missing := wire.CauseNotIntoTunnel.Problem(wire.CodeRouteMissing, "address", address)
	if connection == nil {
		return "", missing
	}
	connection.mutex.Lock()
	path, interfaceName := connection.path, connection.tun.Interface
	connection.mutex.Unlock()
	socket, err := connection.config.SystemDial(ctx, "udp", netip.AddrPortFrom(address, 9).String())
	if err != nil {
		return "", &wire.Problem{Code: wire.CodeRouteMissing, Cause: err.Error()}
	}
	defer socket.Close()
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

func dialOrdinarily(ctx context.Context, connection *connection, target netip.AddrPort) *wire.Problem {
	ctx, cancel := context.WithTimeout(ctx, testConnection)
	defer cancel()
	socket, err := connection.config.SystemDial(ctx, "tcp", target.String())
	switch {
	case err == nil:
		socket.Close()
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return &wire.Problem{Code: wire.CodeConnectionRefused, Cause: err.Error()}
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT):
		return wire.CauseNoAnswerWithin.Problem(wire.CodeConnectionSilent, "time", fmt.Sprintf("%.0f s", testConnection.Seconds()))
	}
	return &wire.Problem{Code: wire.CodeConnectionFailed, Cause: err.Error()}
}
