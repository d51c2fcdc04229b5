//go:build linux

package engine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"slipway/native/internal/routelookup"
	"slipway/native/internal/wire"
)

// wayward is a kernel whose way changes while a probe is under way.
type wayward struct {
	fakeKernel
	index int
}

func (kernel *wayward) Way(netip.Addr) (routelookup.Way, error) {
	return routelookup.Way{Index: kernel.index}, nil
}

// Why a probe's own socket failed is no firewall's doing, unless it is one.
func TestWhyAProbeFailsIsToldAsWhatItIs(t *testing.T) {
	const own, other = 7, 3
	for number, check := range map[syscall.Errno]struct {
		code, cause string
		index       int
		state       string
	}{
		syscall.EPERM:         {wire.CodePacketsDropped, "a firewall rule for outgoing packets refuses", own, wire.ReachFailed},
		syscall.EACCES:        {wire.CodePacketsDropped, "a firewall rule for outgoing packets refuses", own, wire.ReachFailed},
		syscall.ECONNREFUSED:  {wire.CodePacketsDropped, "a firewall rule for outgoing packets refuses", own, wire.ReachFailed},
		syscall.EHOSTUNREACH:  {wire.CodePacketsDropped, "a firewall rule for outgoing packets refuses", own, wire.ReachFailed},
		syscall.ENETUNREACH:   {wire.CodePacketsDropped, "a firewall rule for outgoing packets refuses", own, wire.ReachFailed},
		syscall.EMFILE:        {wire.CodeComputerExhausted, "may open no more files: too many open files", own, wire.ReachFailed},
		syscall.ENFILE:        {wire.CodeComputerExhausted, "all programs together", own, wire.ReachFailed},
		syscall.EADDRINUSE:    {wire.CodeComputerExhausted, "no local port is free", own, wire.ReachFailed},
		syscall.EADDRNOTAVAIL: {wire.CodeComputerExhausted, "no local port is free", own, wire.ReachFailed},
		syscall.EAGAIN:        {wire.CodeComputerExhausted, "no local port is free", own, wire.ReachFailed},
		syscall.ENOBUFS:       {wire.CodeComputerExhausted, "no memory for a connection", own, wire.ReachFailed},
		syscall.ENOMEM:        {wire.CodeComputerExhausted, "no memory for a connection", own, wire.ReachFailed},
		syscall.ENETDOWN:      {"", "", other, wire.ReachNotRun}, // roaming: the route went in the middle
		syscall.ENODEV:        {"", "", 0, wire.ReachNotRun},
	} {
		for _, network := range []string{"tcp", "udp"} {
			t.Run(network+" "+number.Error(), func(t *testing.T) {
				kernel := &wayward{index: check.index}
				kernel.probe = func(context.Context) error {
					return &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", number)}
				}
				connection := &connection{config: Config{Kernel: kernel, Timing: quick}, helper: &withoutHelper{}}
				connection.reach = newReach(connection)
				told := probeAll(t.Context(), connection, own, "slipway0", []probe{{network, netip.MustParseAddrPort("10.96.0.1:443")}})
				if told.State != check.state || told.Problem != nil != (check.code != "") {
					t.Fatalf("it says %+v, %v", told, told.Problem)
				}
				if told.Problem != nil && (told.Problem.Code != check.code || !strings.Contains(told.Problem.Cause, check.cause)) {
					t.Errorf("it says %s: %s", told.Problem.Code, told.Problem.Cause)
				}
				if isChecked := len(connection.reach.touched) == 1; isChecked != (check.code == "") {
					t.Errorf("it is checked again soon: %v", isChecked)
				}
			})
		}
	}
}

// Only an interface that is not there was deleted by somebody.
func TestAnInterfaceThatCannotBeLookedAtIsNotGone(t *testing.T) {
	for number, code := range map[syscall.Errno]string{
		syscall.EMFILE: wire.CodeComputerExhausted, syscall.ENFILE: wire.CodeComputerExhausted,
		syscall.ENOBUFS: wire.CodeComputerExhausted, syscall.EPERM: wire.CodeInternal,
	} {
		if problem := interfaceProblem("slipway0", InterfaceState{}, os.NewSyscallError("socket", number), nil, wire.TunnelUpkeep{}); problem.Code != code {
			t.Errorf("%v: it says %v", number, problem)
		}
	}
	var limit, tight syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if _, err := NewKernel().Interface(1); err != nil {
		t.Fatalf("loopback: %v", err)
	}
	tight = limit
	tight.Cur = 0
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &tight); err != nil {
		t.Fatal(err)
	}
	_, err := NewKernel().Interface(1)
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	if !errors.Is(err, syscall.EMFILE) {
		t.Errorf("without a descriptor: %v", err)
	}
}
