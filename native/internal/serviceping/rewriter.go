// Package serviceping lets a Service address answer ping: an echo request to it goes to one of its ready endpoints, and
// what comes back is given the Service's address again. It must never answer an echo itself, and never touch
// anything but ICMP of addresses that the endpoint list names.
package serviceping

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// Verdict is what becomes of an outbound packet.
type Verdict uint8

// Verdicts of Outbound.
const (
	Pass      Verdict = iota // not an echo request to a Service: send it as it is
	Rewritten                // destination, identifier and checksums were changed in place: send it
	Drop                     // the Service has no ready endpoint: silence is the true answer
)

// Bounds of the table. A program that pings sends about once a second; iputils waits 10 s for the last answer.
const (
	maxEchoes = 4096
	idle      = time.Minute
)

// Rewriter is safe for concurrent use.
type Rewriter struct {
	services sync.Map     // by address (netip.Addr), each a *service
	active   atomic.Int32 // length of the table: without entries Inbound has nothing to do
	now      func() time.Time

	changing  sync.Mutex // orders Change
	addresses map[wire.ServiceName][]netip.Addr

	mutex   sync.Mutex
	asked   map[askedKey]*echo
	sent    map[sentKey]*echo
	oldest  *echo // doubly linked in order of use, so that the bound and the expiry cost nothing
	newest  *echo
	session uint32 // varies the endpoints that first pings choose
}

// service is one Service address with its ready endpoints.
type service struct {
	of    wire.ServiceName
	ready []netip.Addr
	turn  atomic.Uint32
}

// askedKey is the echo as the program sends it.
type askedKey struct {
	laptop, service netip.Addr
	identifier      uint16
}

// sentKey is the echo as it goes to the endpoint. The identifier is one of our own: two programs, or one that pings
// two Services of one pod and the pod itself, may use the same.
type sentKey struct {
	endpoint, laptop netip.Addr
	identifier       uint16
}

type echo struct {
	asked            askedKey
	sent             sentKey
	used             time.Time
	previous, follow *echo
}

// New makes a rewriter without Services: everything passes.
func New() *Rewriter {
	return &Rewriter{
		now:       time.Now,
		addresses: make(map[wire.ServiceName][]netip.Addr),
		asked:     make(map[askedKey]*echo),
		sent:      make(map[sentKey]*echo),
		session:   rand.Uint32(),
	}
}

// Change takes what became of Services: one without entries is gone, and where whole is set, so is every other one. What is
// no host's address, or of another family than its Service, is left out.
func (rewriter *Rewriter) Change(services map[wire.ServiceName][]wire.ServiceEndpoint, whole bool) {
	rewriter.changing.Lock()
	defer rewriter.changing.Unlock()
	if whole {
		for name := range rewriter.addresses {
			if _, isListed := services[name]; !isListed {
				rewriter.replace(name, nil)
			}
		}
	}
	for name, entries := range services {
		rewriter.replace(name, entries)
	}
}

// replace puts the entries of one Service in place of those before.
func (rewriter *Rewriter) replace(name wire.ServiceName, entries []wire.ServiceEndpoint) {
	is := make(map[netip.Addr]*service, len(entries))
	for _, entry := range entries {
		address, ok := parse(entry.Address)
		if !ok {
			continue
		}
		known := is[address]
		if known == nil {
			known = &service{of: name}
			known.turn.Store(rewriter.session)
			is[address] = known
		}
		for _, text := range entry.Ready {
			if endpoint, ok := parse(text); ok && endpoint.Is6() == address.Is6() && !known.has(endpoint) {
				known.ready = append(known.ready, endpoint)
			}
		}
	}
	for _, address := range rewriter.addresses[name] {
		before := rewriter.at(address)
		if before == nil || before.of != name {
			continue // another Service has the address now
		}
		if next, isThere := is[address]; isThere {
			next.turn.Store(before.turn.Load())
		} else {
			rewriter.services.Delete(address)
		}
	}
	delete(rewriter.addresses, name)
	for address, next := range is {
		rewriter.services.Store(address, next)
		rewriter.addresses[name] = append(rewriter.addresses[name], address)
	}
}

// at is the Service of an address, nil where none has it.
func (rewriter *Rewriter) at(address netip.Addr) *service {
	found, _ := rewriter.services.Load(address)
	known, _ := found.(*service)
	return known
}

func parse(text string) (netip.Addr, bool) {
	parsed, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	parsed = parsed.Unmap()
	// No Service or endpoint has an address that is no host's, or link-local (Kubernetes refuses them too).
	return parsed, packet.IsHost(parsed) && !parsed.IsLinkLocalUnicast() && parsed.Zone() == ""
}

func (service *service) has(endpoint netip.Addr) bool {
	for _, ready := range service.ready {
		if ready == endpoint {
			return true
		}
	}
	return false
}

func (service *service) next() netip.Addr {
	return service.ready[int(service.turn.Add(1)%uint32(len(service.ready)))]
}

// Outbound looks at a packet from the laptop and rewrites an echo request to a Service in place. The endpoint stays
// the same for one identifier (one run of ping) for as long as it is ready. Fragments of an echo larger than the
// MTU are dropped: only the first one says whose they are.
func (rewriter *Rewriter) Outbound(echo *packet.Packet) Verdict {
	if echo.Protocol != packet.ICMP && echo.Protocol != packet.ICMPv6 {
		return Pass
	}
	service := rewriter.at(echo.Destination)
	isService := service != nil
	switch {
	case echo.IsFragment() && isService:
		return Drop
	case echo.IsFragment() || echo.Kind != packet.EchoRequest:
		return Pass
	case !isService:
		if rewriter.active.Load() > 0 {
			rewriter.giveWay(sentKey{echo.Destination, echo.Source, echo.SourcePort})
		}
		return Pass
	}
	if len(service.ready) == 0 {
		return Drop
	}
	entry := rewriter.choose(askedKey{echo.Source, echo.Destination, echo.SourcePort}, service)
	echo.SetDestination(entry.endpoint)
	echo.SetIdentifier(entry.identifier)
	return Rewritten
}

// choose finds or makes the way of an echo.
func (rewriter *Rewriter) choose(asked askedKey, service *service) sentKey {
	now := rewriter.now()
	rewriter.mutex.Lock()
	defer rewriter.mutex.Unlock()
	rewriter.expire(now)
	if known := rewriter.asked[asked]; known != nil {
		if service.has(known.sent.endpoint) {
			rewriter.unlink(known)
			rewriter.append(known, now)
			return known.sent
		}
		rewriter.remove(known)
	}
	if len(rewriter.asked) >= maxEchoes {
		rewriter.remove(rewriter.oldest)
	}
	sent := sentKey{endpoint: service.next(), laptop: asked.laptop}
	for { // the table holds far fewer than the 65536 identifiers, so a free one is found soon
		sent.identifier = uint16(rand.Uint32())
		if rewriter.sent[sent] == nil {
			break
		}
	}
	entry := &echo{asked: asked, sent: sent}
	rewriter.asked[asked], rewriter.sent[sent] = entry, entry
	rewriter.append(entry, now)
	return sent
}

// giveWay forgets an echo of ours whose identifier a program now uses toward the same endpoint itself.
func (rewriter *Rewriter) giveWay(sent sentKey) {
	rewriter.mutex.Lock()
	defer rewriter.mutex.Unlock()
	if entry := rewriter.sent[sent]; entry != nil {
		rewriter.remove(entry)
	}
}

// Inbound looks at a packet toward the laptop and restores, in place, the Service's address in an echo reply and in
// an ICMP error that quotes a rewritten echo request.
func (rewriter *Rewriter) Inbound(parsed *packet.Packet) {
	if rewriter.active.Load() == 0 || parsed.IsFragment() {
		return
	}
	switch parsed.Kind {
	case packet.EchoReply:
		if asked, ok := rewriter.find(sentKey{parsed.Source, parsed.Destination, parsed.DestinationPort}); ok {
			parsed.SetSource(asked.service)
			parsed.SetIdentifier(asked.identifier)
		}
	case packet.ErrorMessage:
		rewriter.restoreError(parsed)
	}
}

func (rewriter *Rewriter) restoreError(parsed *packet.Packet) {
	quoted, ok := parsed.Quoted()
	if !ok || quoted.Kind != packet.EchoRequest || quoted.IsFragment() || quoted.Source != parsed.Destination {
		return
	}
	key := sentKey{quoted.Destination, quoted.Source, quoted.SourcePort}
	asked, ok := rewriter.find(key)
	if !ok {
		return
	}
	if parsed.Source == key.endpoint {
		parsed.SetSource(asked.service)
	}
	parsed.Requote(&quoted, func(quoted *packet.Packet) {
		quoted.SetDestination(asked.service)
		quoted.SetIdentifier(asked.identifier)
	})
}

func (rewriter *Rewriter) find(key sentKey) (askedKey, bool) {
	now := rewriter.now()
	rewriter.mutex.Lock()
	defer rewriter.mutex.Unlock()
	rewriter.expire(now)
	entry := rewriter.sent[key]
	if entry == nil {
		return askedKey{}, false
	}
	return entry.asked, true
}
