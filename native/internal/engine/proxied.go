package engine

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"slipway/native/internal/proxy"
	"slipway/native/internal/resolver"
	"slipway/native/internal/sockets"
	"slipway/native/internal/wire"
)

// proxyUsername goes with the password; it tells nobody apart.
const proxyUsername = "slipway"

// proxied is what lets programs into a connection that changes nothing of the laptop.
type proxied struct {
	connection *connection
	server     *proxy.Server
	password   wire.Secret
	pacToken   wire.Secret

	mu    sync.Mutex
	pairs map[sockets.Pair]sockets.Pair // by a connection of the virtual laptop: that of the program on loopback
}

// startProxy lets programs in, where that is how they come.
func (connection *connection) startProxy() error {
	wanted := connection.command.Proxy
	if connection.virtual == nil || wanted == nil {
		return nil
	}
	made := &proxied{connection: connection, pairs: map[sockets.Pair]sockets.Pair{}}
	made.password = secretFor(connection.command.OwnerSecret, "password of the proxy")
	made.pacToken = secretFor(connection.command.OwnerSecret, "path of the proxy's file")
	server, err := proxy.Listen(proxy.Config{
		Port: wanted.Port, PACToken: string(made.pacToken), Network: made, Log: connection.config.Log, Carried: made.carried,
		Access: proxy.Access{
			User: uint32(os.Getuid()), IsTold: sockets.Supported, Username: proxyUsername, Password: string(made.password),
		},
	})
	if err != nil {
		return wire.CauseNoPort.Problem(wire.CodeComputerExhausted, "reason", err)
	}
	made.server = server
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	connection.proxied = made
	return nil
}

// proxyEvent tells where it listens; nil where there is none. The caller holds the mutex.
func (connection *connection) proxyEventLocked() *wire.ProxyEvent {
	if connection.proxied == nil {
		return nil
	}
	return &wire.ProxyEvent{
		Port: int(connection.proxied.server.Address().Port()), KnowsUsers: sockets.Supported,
		Username: proxyUsername, Password: connection.proxied.password, PACToken: connection.proxied.pacToken,
	}
}

// secretFor is a secret that stays the same for as long as the owner's does (HMAC, RFC 2104), so that what was configured in a
// browser still is right after a restart. Without one it is another one each time.
func secretFor(owner wire.Secret, purpose string) wire.Secret {
	if owner == "" {
		return wire.Secret(rand.Text())
	}
	mac := hmac.New(sha256.New, []byte(owner))
	mac.Write([]byte(purpose))
	return wire.Secret(hex.EncodeToString(mac.Sum(nil)[:16]))
}

// asProxied is the proxy; nil where programs come by an interface, or nothing is connected.
func (connection *connection) asProxied() *proxied {
	if connection == nil {
		return nil
	}
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	return connection.proxied
}

// stopProxy ends it and every connection of a program.
func (connection *connection) stopProxy() {
	if proxied := connection.asProxied(); proxied != nil {
		proxied.server.Close()
	}
}

// dial opens a socket as the laptop's programs do: those of the system through its kernel, those of a proxy through it.
func (connection *connection) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if connection.virtual == nil {
		return connection.config.SystemDial(ctx, network, address)
	}
	laptop := connection.virtual.laptop
	if laptop == nil {
		return nil, net.ErrClosed
	}
	return laptop.Dial(ctx, network, address)
}

// Resolve implements proxy.Network. What the cluster alone may answer for is never asked of anybody else.
func (p *proxied) Resolve(ctx context.Context, host string) (netip.Addr, bool, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		address = p.connection.known(address.Unmap().WithZone("")) // the cluster's own, where its range has others here
		return address, p.has(address), nil
	}
	name := dns.Fqdn(strings.ToLower(host))
	if _, isName := dns.IsDomainName(name); !isName || len(host) > 253 {
		return netip.Addr{}, false, &net.DNSError{Err: "no name", Name: host, IsNotFound: true}
	}
	p.connection.mutex.Lock()
	answerer := p.connection.answerer
	p.connection.mutex.Unlock()
	may, alone := answerer.Claims(name)
	if !may {
		return netip.Addr{}, false, nil
	}
	var other netip.Addr
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		question := new(dns.Msg)
		question.SetQuestion(name, kind)
		answer := answerer.Answer(ctx, question)
		if ctx.Err() != nil {
			return netip.Addr{}, false, ctx.Err()
		}
		if answer == nil || answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
			return netip.Addr{}, false, &net.DNSError{Err: "the cluster's nameservers cannot be asked now", Name: host, IsTemporary: true}
		}
		for _, record := range answer.Answer {
			address, isAddress := resolver.AddressOf(record)
			switch {
			case !isAddress:
			case p.has(address):
				return address, true, nil
			case !other.IsValid():
				other = address
			}
		}
	}
	if !other.IsValid() && alone {
		return netip.Addr{}, false, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return other, false, nil // an ExternalName leads there; without one it is for the system to say
}

// has tells whether an address is the cluster's.
func (p *proxied) has(address netip.Addr) bool {
	p.connection.mutex.Lock()
	inForce := partsOf(p.connection.ranges)
	p.connection.mutex.Unlock()
	return slices.ContainsFunc(inForce, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// Dial implements proxy.Network.
func (p *proxied) Dial(ctx context.Context, network string, target netip.AddrPort) (net.Conn, error) {
	return p.connection.dial(ctx, network, target.String())
}

// Outside implements proxy.Network.
func (p *proxied) Outside(ctx context.Context, network, address string) (net.Conn, error) {
	return p.connection.config.SystemDial(ctx, network, address)
}

// Ranges implements proxy.Network. Those that have other addresses here are among them by both: programs may be told either.
func (p *proxied) Ranges() []netip.Prefix {
	p.connection.mutex.Lock()
	path, ranges := p.connection.path, partsOf(p.connection.ranges)
	p.connection.mutex.Unlock()
	for _, pair := range path.mapping.Load().Pairs() {
		if !pair.Retired {
			ranges = append(ranges, pair.Real)
		}
	}
	return ranges
}

// Domains implements proxy.Network.
func (p *proxied) Domains() []string {
	p.connection.mutex.Lock()
	answerer := p.connection.answerer
	p.connection.mutex.Unlock()
	routing, _, _ := answerer.Names()
	return routing
}

// carried keeps whose a connection is.
func (p *proxied) carried(program, carried net.Conn) (ended func()) {
	inner, isKnown := pairOf(carried.LocalAddr(), carried.RemoteAddr())
	outer, isKnownToo := pairOf(program.RemoteAddr(), program.LocalAddr())
	if !isKnown || !isKnownToo {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pairs[inner] = outer
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.pairs, inner)
	}
}

func pairOf(local, remote net.Addr) (sockets.Pair, bool) {
	near, isTCP := local.(*net.TCPAddr)
	far, isTCPToo := remote.(*net.TCPAddr)
	if !isTCP || !isTCPToo {
		return sockets.Pair{}, false
	}
	return sockets.Pair{Local: unmapped(near), Remote: unmapped(far)}, true
}

// through are the programs' ends of those connections that came through the proxy, each with the virtual laptop's.
func (p *proxied) through(wanted map[sockets.Pair]struct{}) map[sockets.Pair]sockets.Pair {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	found := make(map[sockets.Pair]sockets.Pair, len(wanted))
	for inner := range wanted {
		if outer, isKnown := p.pairs[inner]; isKnown {
			found[outer] = inner
		}
	}
	return found
}

// programFinder looks up whose the connections of the virtual laptop are. It implements flowlist.Finder.
type programFinder struct {
	*sockets.Finder
	connection *connection
}

// Find implements flowlist.Finder. What no program brought is this process's own: its checks.
func (f programFinder) Find(wanted map[sockets.Pair]struct{}) map[sockets.Pair]sockets.Owner {
	through := f.connection.asProxied().through(wanted)
	sought, owners := make(map[sockets.Pair]struct{}, len(through)), make(map[sockets.Pair]sockets.Owner, len(wanted))
	for outer := range through {
		sought[outer] = struct{}{}
	}
	for outer, owner := range f.Finder.Find(sought) {
		owners[through[outer]] = owner
	}
	return owners
}
