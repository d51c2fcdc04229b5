package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"slipway/native/internal/wire"
)

// Exchange asks one question of somebody else's nameservers. The answer belongs to that question; anything else
// about it is not to be believed.
type Exchange func(ctx context.Context, query *dns.Msg) (*dns.Msg, error)

// Dial opens a connection to a nameserver; network is "udp" or "tcp".
type Dial func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)

const (
	serverTimeout = 2 * time.Second
	resendAfter   = 700 * time.Millisecond // one datagram may be lost without costing the server its turn
	avoidedFor    = 10 * time.Second       // a server that was silent is asked last for so long

	// edns0Size is the UDP size asked of the cluster: what fits any path (DNS flag day 2020).
	edns0Size = 1232

	// A socket to a nameserver of the cluster asks one question at a time, and the next ones within this: the agent has a socket
	// for each of ours, and making both takes as long as the question. Then it has another port again (RFC 5452 section 9.2).
	keptFor  = 3 * time.Second
	mostKept = 8
)

var errNoServers = errors.New("no nameserver")

// Servers asks a list of nameservers in their order: over TLS where that is their way, else by UDP, by TCP where the
// answer is truncated; the next server where one is silent, unreachable, or fails.
type Servers struct {
	dial       Dial
	tls        *tlsDialer
	offerEDNS0 bool          // where the question has none
	timeout    time.Duration // for each server and transport, where no option says another
	kept       *keptSockets  // nil where each question has a socket of its own

	mutex   sync.Mutex
	options wire.UpstreamOptions
	turn    int // of rotating
	list    []wire.Upstream
	avoided map[wire.Upstream]time.Time // until
	clear   map[wire.Upstream]time.Time // until when one that may be asked in the clear is
}

// NewUpstream makes the exchange with the laptop's own nameservers. A nil dial means ordinary sockets.
func NewUpstream(servers []wire.Upstream, dial Dial) *Servers {
	if dial == nil {
		dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server.String())
		}
	}
	result := &Servers{dial: dial, tls: newTLSDialer(dial), timeout: serverTimeout}
	result.Set(servers)
	return result
}

// NewCluster makes the exchange with the cluster's nameservers, through the tunnel that dial goes through.
func NewCluster(dial Dial, nameservers []netip.AddrPort) *Servers {
	result := &Servers{dial: dial, timeout: serverTimeout, offerEDNS0: true, kept: &keptSockets{}}
	result.Set(inClear(nameservers))
	return result
}

// Set replaces the list.
func (servers *Servers) Set(list []wire.Upstream) {
	servers.mutex.Lock()
	defer servers.mutex.Unlock()
	servers.list = slices.Clone(list)
	servers.avoided, servers.clear = map[wire.Upstream]time.Time{}, map[wire.Upstream]time.Time{}
	servers.kept.closeAll()
}

// SetOptions takes how the servers are asked.
func (servers *Servers) SetOptions(options wire.UpstreamOptions) {
	servers.mutex.Lock()
	defer servers.mutex.Unlock()
	servers.options = options
}

// asked are the options of now.
func (servers *Servers) asked() wire.UpstreamOptions {
	servers.mutex.Lock()
	defer servers.mutex.Unlock()
	return servers.options
}

// Exchange implements the type of this name. The identifier sent is random, and so is the port where dial says so.
// Where every server fails, the last failure that one of them told (SERVFAIL, REFUSED) is returned, else an error.
func (servers *Servers) Exchange(ctx context.Context, query *dns.Msg) (*dns.Msg, error) {
	list := servers.inOrder()
	if len(list) == 0 {
		return nil, errNoServers
	}
	query = query.Copy()
	offered := false
	if servers.offerEDNS0 && query.IsEdns0() == nil {
		query.SetEdns0(edns0Size, false)
		offered = true
	}
	var refusal *dns.Msg
	var failures []error
	for _, server := range list {
		if ctx.Err() != nil {
			break
		}
		response, err := servers.ask(ctx, server, query)
		if err == nil && offered && (response.Rcode == dns.RcodeFormatError || response.Rcode == dns.RcodeNotImplemented) {
			plain := query.Copy()
			plain.Extra = slices.DeleteFunc(plain.Extra, func(record dns.RR) bool { return record.Header().Rrtype == dns.TypeOPT })
			response, err = servers.ask(ctx, server, plain)
		}
		if err != nil {
			if ctx.Err() == nil {
				servers.avoid(server)
			}
			failures = append(failures, err)
			continue
		}
		switch response.Rcode {
		case dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented, dns.RcodeFormatError:
			refusal = response // as a stub resolver does: the next one may know better
		default:
			return response, nil
		}
	}
	if refusal != nil {
		return refusal, nil
	}
	return nil, errors.Join(append(failures, ctx.Err())...)
}

// inOrder returns the configured order, each time from another one on where it rotates, but those that were silent lately behind the others.
func (servers *Servers) inOrder() []wire.Upstream {
	servers.mutex.Lock()
	defer servers.mutex.Unlock()
	now := time.Now()
	list := slices.Clone(servers.list)
	if servers.options.IsRotating && len(list) > 0 {
		list = slices.Concat(list[servers.turn%len(list):], list[:servers.turn%len(list)])
		servers.turn++
	}
	slices.SortStableFunc(list, func(left, right wire.Upstream) int {
		leftAvoided, rightAvoided := now.Before(servers.avoided[left]), now.Before(servers.avoided[right])
		switch {
		case leftAvoided == rightAvoided:
			return 0
		case leftAvoided:
			return 1
		}
		return -1
	})
	return list
}

func (servers *Servers) avoid(server wire.Upstream) {
	servers.mutex.Lock()
	defer servers.mutex.Unlock()
	servers.avoided[server] = time.Now().Add(avoidedFor)
}

func (servers *Servers) ask(ctx context.Context, server wire.Upstream, query *dns.Msg) (*dns.Msg, error) {
	query.Id = dns.Id()
	packed, err := query.Pack()
	if err != nil {
		return nil, fmt.Errorf("pack question: %w", err)
	}
	if servers.isEncrypted(server) {
		response, err := servers.askBy(ctx, overTLS, server, query, packed)
		if err == nil || server.Way != wire.UpstreamOpportunistic || ctx.Err() != nil {
			return response, err
		}
		servers.askInClear(server)
	}
	if servers.asked().IsByTCP {
		return servers.askBy(ctx, "tcp", server, query, packed)
	}
	response, err := servers.askBy(ctx, "udp", server, query, packed)
	if err != nil || !response.Truncated {
		return response, err
	}
	if whole, err := servers.askBy(ctx, "tcp", server, query, packed); err == nil {
		return whole, nil
	}
	return response, nil
}

// overTLS is the third network of askBy.
const overTLS = "tls"

func (servers *Servers) askBy(ctx context.Context, network string, server wire.Upstream, query *dns.Msg, packed []byte) (*dns.Msg, error) {
	timeout := servers.timeout
	if seconds := servers.asked().TimeoutSeconds; seconds != 0 {
		timeout = time.Duration(seconds) * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if network == "udp" && servers.kept != nil {
		return servers.askKept(ctx, server.Dialled(wire.UpstreamClear), query, packed)
	}
	var connection net.Conn
	var err error
	if network == overTLS {
		connection, err = servers.tls.dial(ctx, server)
	} else {
		connection, err = servers.dial(ctx, network, server.Dialled(wire.UpstreamClear))
	}
	if err != nil {
		return nil, fmt.Errorf("dial nameserver by %s: %w", network, err)
	}
	defer connection.Close()
	stop := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if network == "udp" {
		return exchangeDatagram(ctx, connection, query, packed)
	}
	return exchangeStream(connection, query, packed)
}

func exchangeStream(connection net.Conn, query *dns.Msg, packed []byte) (*dns.Msg, error) {
	framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)
	if _, err := connection.Write(framed); err != nil {
		return nil, fmt.Errorf("send question: %w", err)
	}
	var length [2]byte
	if _, err := io.ReadFull(connection, length[:]); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	body := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(connection, body); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	response := new(dns.Msg)
	if err := response.Unpack(body); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if !answers(response, query) {
		return nil, errors.New("the answer is to another question")
	}
	return response, nil
}

var datagrams = sync.Pool{New: func() any { return new([65535]byte) }}

// exchangeDatagram waits for the answer to this very question and lets everything else pass by: a forged datagram
// must not end the wait for the true one.
func exchangeDatagram(ctx context.Context, connection net.Conn, query *dns.Msg, packed []byte) (*dns.Msg, error) {
	if _, err := connection.Write(packed); err != nil {
		return nil, fmt.Errorf("send question: %w", err)
	}
	resend := time.AfterFunc(resendAfter, func() { _, _ = connection.Write(packed) })
	defer resend.Stop()
	buffer := datagrams.Get().(*[65535]byte)
	defer datagrams.Put(buffer)
	for {
		length, err := connection.Read(buffer[:])
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return nil, fmt.Errorf("read answer: %w", err)
		}
		response := new(dns.Msg)
		if err := response.Unpack(buffer[:length]); err != nil && !response.Truncated {
			continue // some servers cut a truncated answer in the middle of a record: its header is enough
		}
		if answers(response, query) {
			return response, nil
		}
	}
}

// answers checks that a message belongs to a question (RFC 5452 section 9.1). A server that cannot read the question
// may leave it out of its refusal.
func answers(response, query *dns.Msg) bool {
	if !response.Response || response.Id != query.Id || response.Opcode != query.Opcode {
		return false
	}
	if len(response.Question) == 0 {
		return response.Rcode != dns.RcodeSuccess && response.Rcode != dns.RcodeNameError && len(response.Answer) == 0
	}
	return len(response.Question) == 1 && sameQuestion(response.Question[0], query.Question[0])
}

func sameQuestion(left, right dns.Question) bool {
	return left.Qtype == right.Qtype && left.Qclass == right.Qclass && strings.EqualFold(left.Name, right.Name)
}

// exchange asks and makes sure that it was this question that was answered.
func exchange(ctx context.Context, ask Exchange, question dns.Question, flags upstreamFlags) (*dns.Msg, error) {
	query := &dns.Msg{Question: []dns.Question{question}}
	query.Id, query.RecursionDesired = dns.Id(), true
	query.CheckingDisabled, query.AuthenticatedData = flags.checkingDisabled, flags.authenticated
	if flags.edns0 {
		query.SetEdns0(edns0Size, flags.wantsDNSSEC)
	}
	response, err := ask(ctx, query)
	if err != nil {
		return nil, err
	}
	if response == nil || !response.Response || len(response.Question) > 1 ||
		len(response.Question) == 1 && !sameQuestion(response.Question[0], question) ||
		len(response.Question) == 0 && (response.Rcode == dns.RcodeSuccess || response.Rcode == dns.RcodeNameError) {
		return nil, errOtherQuestion
	}
	return response, nil
}
