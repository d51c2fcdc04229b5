// Package serviceping lets a Service address answer ping: an echo request to it goes to one of its ready endpoints, and
// what comes back is given the Service's address again. It must never answer an echo itself, and never touch
// anything but ICMP of addresses that the endpoint list names.
package serviceping

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

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

// Rewriter is safe for concurrent use. Packets are whole IPv4 packets; everything else passes.
type Rewriter struct {
	services atomic.Pointer[map[address]*service]
	active   atomic.Int32 // length of the table: without entries Inbound has nothing to do
	now      func() time.Time

	mutex   sync.Mutex
	asked   map[askedKey]*echo
	sent    map[sentKey]*echo
	oldest  *echo // doubly linked in order of use, so that the bound and the expiry cost nothing
	newest  *echo
	session uint32 // varies the endpoints that first pings choose
}

type address [4]byte

// service is one Service address with its ready endpoints.
type service struct {
	ready []address
	turn  atomic.Uint32
}

// askedKey is the echo as the program sends it.
type askedKey struct {
	laptop, service address
	identifier      uint16
}

// sentKey is the echo as it goes to the endpoint. The identifier is one of our own: two programs, or one that pings
// two Services of one pod and the pod itself, may use the same.
type sentKey struct {
	endpoint, laptop address
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
	rewriter := &Rewriter{
		now:     time.Now,
		asked:   make(map[askedKey]*echo),
		sent:    make(map[sentKey]*echo),
		session: rand.Uint32(),
	}
	rewriter.services.Store(&map[address]*service{})
	return rewriter
}

// SetEndpoints replaces the whole list. What is no IPv4 address in it is left out.
func (rewriter *Rewriter) SetEndpoints(endpoints wire.ServiceEndpoints) {
	services := make(map[address]*service, len(endpoints.Services))
	for _, entry := range endpoints.Services {
		serviceAddress, ok := parse(entry.Address)
		if !ok {
			continue
		}
		known := services[serviceAddress]
		if known == nil {
			known = &service{}
			known.turn.Store(rewriter.session)
			services[serviceAddress] = known
		}
		for _, text := range entry.Ready {
			if endpoint, ok := parse(text); ok && !known.has(endpoint) {
				known.ready = append(known.ready, endpoint)
			}
		}
	}
	rewriter.services.Store(&services)
}

func parse(text string) (address, bool) {
	parsed, err := netip.ParseAddr(text)
	if err != nil || !parsed.Unmap().Is4() {
		return address{}, false
	}
	parsed = parsed.Unmap()
	if parsed.IsUnspecified() || parsed.IsLoopback() || parsed.IsMulticast() || parsed.IsLinkLocalUnicast() {
		return address{}, false // no Service or endpoint has such an address (Kubernetes refuses them too)
	}
	return parsed.As4(), true
}

func (service *service) has(endpoint address) bool {
	for _, ready := range service.ready {
		if ready == endpoint {
			return true
		}
	}
	return false
}

func (service *service) next() address {
	return service.ready[int(service.turn.Add(1)%uint32(len(service.ready)))]
}

// Outbound looks at a packet from the laptop and rewrites an echo request to a Service in place. The endpoint stays
// the same for one identifier (one run of ping) for as long as it is ready. Fragments of an echo larger than the
// MTU are dropped: only the first one says whose they are.
func (rewriter *Rewriter) Outbound(packet []byte) Verdict {
	header, ok := icmpHeader(packet)
	if !ok {
		return Pass
	}
	destination := address(packet[16:20])
	service, isService := (*rewriter.services.Load())[destination]
	if fragmented(packet) {
		if isService {
			return Drop
		}
		return Pass
	}
	message := packet[header:]
	if len(message) < 8 || message[0] != typeEchoRequest || message[1] != 0 {
		return Pass
	}
	identifier := binary.BigEndian.Uint16(message[4:])
	laptop := address(packet[12:16])
	if !isService {
		if rewriter.active.Load() > 0 {
			rewriter.giveWay(sentKey{destination, laptop, identifier})
		}
		return Pass
	}
	if len(service.ready) == 0 {
		return Drop
	}
	entry := rewriter.choose(askedKey{laptop, destination, identifier}, service)
	rewriteAddress(packet, 16, entry.endpoint)
	rewriteWord(message, 2, 4, entry.identifier)
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
func (rewriter *Rewriter) Inbound(packet []byte) {
	if rewriter.active.Load() == 0 {
		return
	}
	header, ok := icmpHeader(packet)
	if !ok || fragmented(packet) {
		return
	}
	message := packet[header:]
	if len(message) < 8 {
		return
	}
	switch message[0] {
	case typeEchoReply:
		key := sentKey{address(packet[12:16]), address(packet[16:20]), binary.BigEndian.Uint16(message[4:])}
		if asked, ok := rewriter.find(key); ok {
			rewriteAddress(packet, 12, asked.service)
			rewriteWord(message, 2, 4, asked.identifier)
		}
	case typeUnreachable, typeTimeExceeded, typeParameterProblem:
		rewriter.restoreError(packet, message)
	}
}

func (rewriter *Rewriter) restoreError(packet, message []byte) {
	quoted := message[8:]
	header, ok := headerLength(quoted)
	if !ok || quoted[9] != protocolICMP || len(quoted) < header+8 || fragmented(quoted) {
		return
	}
	echo := quoted[header:]
	if echo[0] != typeEchoRequest || address(quoted[12:16]) != address(packet[16:20]) {
		return
	}
	key := sentKey{address(quoted[16:20]), address(quoted[12:16]), binary.BigEndian.Uint16(echo[4:])}
	asked, ok := rewriter.find(key)
	if !ok {
		return
	}
	if address(packet[12:16]) == key.endpoint {
		rewriteAddress(packet, 12, asked.service)
	}
	// Each changed word of the quotation counts in the checksum of the message around it.
	before := [...]uint16{word(quoted, 10), word(quoted, 16), word(quoted, 18), word(echo, 2), word(echo, 4)}
	rewriteAddress(quoted, 16, asked.service)
	rewriteWord(echo, 2, 4, asked.identifier)
	after := [...]uint16{word(quoted, 10), word(quoted, 16), word(quoted, 18), word(echo, 2), word(echo, 4)}
	for index := range before {
		adjust(message[2:], before[index], after[index])
	}
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
