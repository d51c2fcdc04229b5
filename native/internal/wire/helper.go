package wire

import "encoding/json"

// HelperRequest is what the engine asks of the helper. Operation is one of the constants below; Input is the
// struct of that operation, absent where it has none.
type HelperRequest struct {
	ID        uint64          `json:"id"`
	Operation string          `json:"operation"`
	Input     json.RawMessage `json:"input,omitempty"`
}

// HelperReply answers one request; exactly one of Value and Problem is set. ID 0 marks an event, named by Event.
type HelperReply struct {
	ID      uint64          `json:"id"`
	Event   string          `json:"event,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"`
	Problem *Problem        `json:"problem,omitempty"`
}

// Operations of the helper link, in the order a connection uses them. Only hello, inspect and checkRoutes are
// answered without a lease.
const (
	HelperHello       = "hello"       // Hello -> Hello
	HelperInspect     = "inspect"     // nothing -> HostInspection; changes nothing
	HelperCheckRoutes = "checkRoutes" // RoutesInput -> RouteDecisions; changes nothing
	HelperAcquire     = "acquire"     // nothing -> Lease
	HelperHeartbeat   = "heartbeat"   // nothing -> nothing
	HelperOpenTun     = "openTun"     // OpenTunInput -> TunOpened, with the TUN descriptor in the same message (SCM_RIGHTS)
	HelperSetRoutes   = "setRoutes"   // RoutesInput -> RouteDecisions; the whole wanted set, replaces the set before
	HelperSetNames    = "setNames"    // NamesInput -> NamesInForce; the whole wanted state, replaces the one before
	HelperRelease     = "release"     // nothing -> Released, after everything was undone
)

// EventHostChanged tells that the laptop's own routes, addresses or resolvers changed (value: HostInspection).
const EventHostChanged = "hostChanged"

// HostInspection describes the laptop as it is now.
type HostInspection struct {
	ResolverMode  string   `json:"resolverMode"` // "resolved" or "resolv-conf"
	Upstreams     []string `json:"upstreams"`    // the laptop's own nameservers, in order, without ours
	SearchDomains []string `json:"searchDomains"`
	TunAvailable  bool     `json:"tunAvailable"`
	LeaseHeld     bool     `json:"leaseHeld"`
	LeftOver      int      `json:"leftOver"` // journal entries of an earlier run that could not be undone
}

// RoutesInput names IPv4 or IPv6 prefixes in CIDR form and addresses that no route may cover (the API server's,
// and proxies'): protected addresses can only add refusals.
type RoutesInput struct {
	Prefixes  []string `json:"prefixes"`
	Protected []string `json:"protected"`
}

// RouteDecision is the helper's verdict on one prefix. Reason is empty where it was accepted; otherwise one of:
// malformed, default-route, too-wide, loopback, link-local, multicast, reserved, metadata, public, ipv6, own-subnet,
// gateway, resolver, protected, other-route, too-many.
type RouteDecision struct {
	Prefix    string `json:"prefix"`
	Accepted  bool   `json:"accepted"`
	Reason    string `json:"reason,omitempty"`
	Conflict  string `json:"conflict,omitempty"`  // the colliding prefix or address
	Interface string `json:"interface,omitempty"` // and the interface it belongs to
}

// RouteDecisions answers checkRoutes and setRoutes, in the order asked. setRoutes puts the accepted ones in force.
type RouteDecisions struct {
	Decisions []RouteDecision `json:"decisions"`
}

// Lease is granted to one client at a time. Without a heartbeat within TimeoutMilliseconds, or when the link
// closes, the helper undoes everything.
type Lease struct {
	TimeoutMilliseconds int `json:"timeoutMilliseconds"`
}

// OpenTunInput asks for the TUN. Addresses are host addresses in CIDR form out of 198.18.0.0/15 (RFC 2544).
type OpenTunInput struct {
	MTU       int      `json:"mtu"` // bytes, 576 to 65535
	Addresses []string `json:"addresses"`
}

// TunOpened names the interface whose descriptor came with the message: IFF_TUN|IFF_NO_PI|IFF_VNET_HDR,
// nonblocking, up, with MTU, addresses and a txqueuelen of 500 set.
type TunOpened struct {
	Interface string `json:"interface"`
	Index     int    `json:"index"`
}

// NamesInput is the whole wanted split DNS. Resolver is the address inside the tunnel that answers on port 53; the
// helper adds the host route to it. Domains are routing domains, Search are search domains, in order; Reverse are
// in-addr.arpa zones. No entry has a leading "~" or a trailing dot.
type NamesInput struct {
	Resolver string   `json:"resolver"`
	Domains  []string `json:"domains"`
	Search   []string `json:"search"`
	Reverse  []string `json:"reverse"`
}

// NamesInForce tells what setNames did. Refused holds domains that the helper's own policy left out (top-level
// domains, special-use names, malformed ones).
type NamesInForce struct {
	Mode      string   `json:"mode"` // "resolved" or "resolv-conf"
	Upstreams []string `json:"upstreams"`
	Search    []string `json:"search"` // the search list in force
	Refused   []string `json:"refused,omitempty"`
}

// Released is sent once everything was undone. LeftOver counts journal entries that could not be.
type Released struct {
	LeftOver int `json:"leftOver"`
}
