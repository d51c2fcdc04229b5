// Command slipway-agent is the far end of the tunnel, in one pod of the cluster: it takes port-forward streams on the
// pod's loopback and lets the sessions on them reach the cluster by ordinary sockets. It must never listen on
// anything but loopback unless a registered session asks for a direct path, use the Kubernetes API, or need a right beyond PodSecurity "restricted".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"slipway/native/internal/agent"
	"slipway/native/internal/build"
	"slipway/native/internal/carrier/direct"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/forward"
	"slipway/native/internal/processors"
	"slipway/native/internal/vitals"
	"slipway/native/internal/wire"
)

// runtimePart is the Go runtime's part of the container's memory limit; the rest is the kernel's socket buffers.
const runtimePart = 0.75

// descriptorsKept are for all that is no flow: listeners, control streams, lanes.
const descriptorsKept = 1024

// hostVariable is set from the downward API (status.hostIP, status.hostIPs).
const hostVariable = "SLIPWAY_HOST_IP"

type options struct {
	port          int
	directPort    int
	idleTimeout   time.Duration
	sessionExpiry time.Duration
	keep          time.Duration
	resolvConf    string
	logLevel      string
}

func main() {
	var chosen options
	flag.IntVar(&chosen.port, "port", wire.AgentPort, "TCP port on loopback")
	flag.IntVar(&chosen.directPort, "direct-port", wire.AgentDirectPort, "TCP port on the pod's addresses, while a session wants a direct path")
	flag.DurationVar(&chosen.idleTimeout, "idle-timeout", 10*time.Minute, "end when there was no session for this long")
	flag.DurationVar(&chosen.sessionExpiry, "session-expiry", agent.DefaultExpiry, "end a session that was not renewed for this long")
	flag.DurationVar(&chosen.keep, "keep-connections", agent.DefaultKeep, "keep one that has connections for so much longer: a laptop sleeps")
	flag.StringVar(&chosen.resolvConf, "resolv-conf", "/etc/resolv.conf", "the pod's resolv.conf")
	flag.StringVar(&chosen.logLevel, "log-level", "info", "debug, info, warn or error; addresses appear at debug only")
	version := flag.Bool("version", false, "print the build and end")
	flag.Parse()
	if *version {
		fmt.Println(build.ID)
		return
	}
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "slipway-agent takes flags only")
		os.Exit(2)
	}
	if err := run(chosen); err != nil {
		fmt.Fprintln(os.Stderr, "slipway-agent:", err)
		os.Exit(1)
	}
}

func run(chosen options) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(chosen.logLevel)); err != nil {
		return fmt.Errorf("log level: %w", err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	config := agent.Config{Log: log, Expiry: chosen.sessionExpiry, Keep: chosen.keep, DescriptorsAtMost: descriptors()}
	limitMemory(&config)
	if err := describe(&config, chosen.resolvConf); err != nil {
		return err
	}
	config.Door = direct.NewDoor(direct.DoorConfig{Addresses: reachable(config.Policy.Own), Port: chosen.directPort, Log: log})
	listeners, err := listen(chosen.port)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go processors.Follow(ctx.Done())
	defer vitals.OnSignal(log)()
	server := agent.NewServer(config)
	failed := make(chan error, len(listeners))
	for _, listener := range listeners {
		go func() { failed <- server.Serve(listener, stream.Accept) }()
	}
	log.Info("listening", "build", build.ID, "port", chosen.port, "ping", config.Facts.CanPing)
	err = await(ctx, server, chosen.idleTimeout, failed)
	for _, listener := range listeners {
		listener.Close()
	}
	closed := make(chan struct{})
	go func() {
		server.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(time.Second): // the pod must go; sockets close with the process
	}
	if err == nil {
		log.Info("ending")
	}
	return err
}

// await returns nil when the agent is told to end or nobody has needed it for long.
func await(ctx context.Context, server *agent.Server, idleTimeout time.Duration, failed <-chan error) error {
	ticker := time.NewTicker(min(time.Second, max(idleTimeout/4, time.Millisecond)))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return fmt.Errorf("accept streams: %w", err)
		case now := <-ticker.C:
			if server.EmptyFor(now) >= idleTimeout {
				return nil
			}
		}
	}
}

// listen takes 127.0.0.1 and, where the pod has it, ::1: kubelet's port-forward dials either.
func listen(port int) ([]net.Listener, error) {
	first, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	listeners := []net.Listener{first}
	if second, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(port))); err == nil {
		listeners = append(listeners, second)
	}
	return listeners, nil
}

// limitMemory keeps the Go runtime under the container's limit, and divides the rest.
func limitMemory(config *agent.Config) {
	limit := agent.MemoryLimit()
	if limit == 0 {
		return
	}
	debug.SetMemoryLimit(int64(float64(limit) * runtimePart))
	config.Memory = agent.NewMemoryGauge(limit)
	config.SessionsAtMost = agent.SessionsFor(limit)
	config.Limits = agent.LimitsFor(limit)
	config.UnreadAtMost = agent.UnreadFor(limit)
	config.Log.Debug("memory limit", "bytes", limit, "sessions", config.SessionsAtMost, "flows", config.Limits.TCPFlows)
}

// descriptors is how many sockets flows may have, 0 where that is not known. Go raises the soft limit to the hard one.
func descriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(max(min(limit.Cur, 1<<20), 2*descriptorsKept) - descriptorsKept)
}

// describe fills in what the agent knows of its place: names, own addresses, node.
func describe(config *agent.Config, resolvConf string) error {
	const largest = 64 << 10
	text, err := os.ReadFile(resolvConf)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("read resolv.conf: %w", err)
	}
	config.Facts = agent.ParseResolvConf(string(text[:min(len(text), largest)]))
	config.Facts.Build = build.ID
	config.Facts.CanPing = forward.CanPing()
	config.Policy = &forward.Policy{Own: ownAddresses(), Host: parseAddresses(os.Getenv(hostVariable))}
	for _, nameserver := range config.Facts.Nameservers {
		if address, err := netip.ParseAddr(nameserver); err == nil {
			config.Policy.Resolvers = append(config.Policy.Resolvers, address)
		}
	}
	return nil
}

func ownAddresses() []netip.Addr {
	var result []netip.Addr
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, address := range found {
		if prefix, err := netip.ParsePrefix(address.String()); err == nil {
			result = append(result, prefix.Addr().Unmap())
		}
	}
	return result
}

// reachable are the addresses that others than this pod can reach.
func reachable(own []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(own), func(address netip.Addr) bool { return !address.IsGlobalUnicast() })
}

// parseAddresses reads addresses separated by commas, as the downward API gives them; others are left out.
func parseAddresses(text string) []netip.Addr {
	var result []netip.Addr
	for field := range strings.SplitSeq(text, ",") {
		if address, err := netip.ParseAddr(strings.TrimSpace(field)); err == nil {
			result = append(result, address.Unmap())
		}
	}
	return result
}
