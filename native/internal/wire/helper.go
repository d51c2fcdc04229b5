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
	HelperAcquire     = "acquire"     // AcquireInput -> Lease
	HelperHeartbeat   = "heartbeat"   // nothing -> nothing
	HelperOpenTun     = "openTun"     // OpenTunInput -> TunOpened, with the TUN descriptor in the same message (SCM_RIGHTS)
	HelperSetRoutes   = "setRoutes"   // RoutesInput -> RouteDecisions; the whole wanted set, replaces the set before
	HelperSetHosts    = "setHosts"    // HostsInput -> RouteDecisions; the addresses that narrowed ranges may have, told ahead
	HelperSetNames    = "setNames"    // NamesInput -> NamesInForce; the whole wanted state, replaces the one before
	HelperFilters     = "filters"     // nothing -> Filters; changes nothing
	HelperFlushNames  = "flushNames"  // nothing -> nothing; the laptop's caches forget names, at most once a second
	HelperRelease     = "release"     // nothing -> Released, after everything was undone
)

// Events of the helper link.
const (
	// EventHostChanged tells that the laptop's own routes, addresses or resolvers changed (value: HostInspection).
	EventHostChanged = "hostChanged"
	// EventRoutesChanged tells that the policy, asked anew after such a change, withdrew ranges or took some back
	// (value: RouteDecisions on the whole set of the last setRoutes). They are in force when it comes.
	EventRoutesChanged = "routesChanged"
	// EventNetworkTouched tells, debounced, that something happened to links, addresses, routes, rules or nftables
	// (value: TunnelUpkeep): who checks the way into the tunnel checks it now.
	EventNetworkTouched = "networkTouched"
)

// HostInspection describes the laptop as it is now.
type HostInspection struct {
	ResolverMode string   `json:"resolverMode"` // "resolved" or "resolv-conf"
	Upstreams    []string `json:"upstreams"`    // the laptop's own nameservers as Upstream says them, in order, without ours
	Domains      []string `json:"domains"`      // the laptop's own: search and routing domains, of each link, of its own name
	TunAvailable bool     `json:"tunAvailable"`
	LeaseHeld    bool     `json:"leaseHeld"`
	LeftOver     int      `json:"leftOver"` // journal entries of an earlier run that could not be undone

	Options UpstreamOptions `json:"options,omitzero"` // of asking the upstreams
}

// Filters are what drops packets of this computer's programs, a few.
type Filters struct {
	Chains []FilterChain `json:"chains"`
}

// FilterChain is a chain of nftables that drops or refuses some packet, which need not be the one that is gone.
type FilterChain struct {
	Chain    string `json:"chain"`              // family, table and name
	Why      string `json:"why"`                // "policy drop", or what its first such rule does, and the rule's handle
	Incoming bool   `json:"incoming,omitempty"` // of packets that come in
}

// What is wanted for a range, and what is decided on it.
const (
	// DecisionRouted wants the best that the laptop allows: routed, cut or narrowed. Decided: the whole of it is in force.
	DecisionRouted = "routed"
	// DecisionCut: in force but for what the laptop needs itself.
	DecisionCut = "cut"
	// DecisionNarrowed wants routes to hosts alone. Decided: hosts are in force, because another route holds the range.
	DecisionNarrowed = "narrowed"
	// DecisionRefused: nothing of it is in force, by the policy or because the laptop needs all of it.
	DecisionRefused = "refused"
)

// WantedRange is an IPv4 or IPv6 prefix in CIDR form with what is wanted for it: routed or narrowed. Anything else is
// refused as malformed.
type WantedRange struct {
	Prefix   string `json:"prefix"`
	Decision string `json:"decision"`

	// OverBroader is the user's word that the range goes before broader routes of other interfaces. What the laptop
	// needs is cut out all the same.
	OverBroader bool `json:"overBroader,omitempty"`
}

// WantRouted wants each of the prefixes routed.
func WantRouted(prefixes ...string) []WantedRange {
	ranges := make([]WantedRange, 0, len(prefixes))
	for _, prefix := range prefixes {
		ranges = append(ranges, WantedRange{Prefix: prefix, Decision: DecisionRouted})
	}
	return ranges
}

// RoutesInput is the whole set of ranges, and addresses that no route may cover (the API server's, and proxies'):
// protected addresses can only take away. So can nodes, the addresses of the cluster's own, of which MaxNodes are heard: what
// the laptop has a route to by one of them it reaches already, and that is left alone.
type RoutesInput struct {
	Ranges    []WantedRange `json:"ranges"`
	Protected []string      `json:"protected"`
	Nodes     []string      `json:"nodes,omitempty"`
}

// MaxNodes is how many addresses of nodes are heard. Who has a cluster by routes of their own knows a few.
const MaxNodes = 256

// MaxHosts is how many hosts a cluster may show. Those of a cluster with more find no place in narrowed ranges.
const MaxHosts = 10_000

// HostsAtOnce is how many addresses one HostsInput may have, so that any two families of them fit into a frame.
const HostsAtOnce = 1000

// HostsInput changes which addresses the cluster's catalogue shows. They matter in narrowed ranges only, but are told ahead:
// where a VPN comes, the way to a host must not wait for anybody.
type HostsInput struct {
	Whole  bool     `json:"whole,omitempty"` // nothing else is there than what is listed
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	More   bool     `json:"more,omitempty"` // another part follows; they count together
}

// BeforeRule is the reason of what is routed, and stays so because a rule of ours is before one that would lead it elsewhere:
// Conflict is that rule as ip-rule(8) prints it, Interface is where it leads.
const BeforeRule = "rule"

// RouteDecision is the helper's verdict on one range. Decision is one of the constants above; Reason is empty or
// BeforeRule where it is routed; otherwise one of:
// malformed, default-route, too-wide, loopback, link-local, multicast, reserved, metadata, public, ipv6, own-subnet,
// gateway, resolver, protected, neighbour, other-cluster, other-route, own-way, too-many.
type RouteDecision struct {
	Prefix    string `json:"prefix"`
	Decision  string `json:"decision"`
	Reason    string `json:"reason,omitempty"`
	Conflict  string `json:"conflict,omitempty"`  // the colliding prefix or address: the first of cuts, the broader route
	Interface string `json:"interface,omitempty"` // and the interface it belongs to

	Cuts     []RouteCut `json:"cuts,omitempty"`     // what the laptop keeps, in order, at most MaxCuts
	CutsMore int        `json:"cutsMore,omitempty"` // those that are not listed
	Hosts    int        `json:"hosts,omitempty"`    // narrowed: addresses in force
	LeftOut  int        `json:"leftOut,omitempty"`  // narrowed: addresses that found no place
}

// MaxCuts is how many cuts of a range are listed.
const MaxCuts = 64

// RouteCut is a part of a range that the laptop needs for itself, as RouteDecision tells collisions.
type RouteCut struct {
	Prefix    string `json:"prefix"`
	Reason    string `json:"reason"`
	Conflict  string `json:"conflict,omitempty"`
	Interface string `json:"interface,omitempty"`
}

// IsRouted tells whether the whole range goes into the tunnel.
func (decision RouteDecision) IsRouted() bool { return decision.Decision == DecisionRouted }

// IsCarried tells whether anything of the range goes into the tunnel.
func (decision RouteDecision) IsCarried() bool {
	return decision.IsRouted() || decision.Decision == DecisionCut || decision.Decision == DecisionNarrowed
}

// RouteDecisions answers checkRoutes, setRoutes and setHosts, in the order asked. The latter two put them in force, and
// the helper keeps the whole set: it decides anew whenever the laptop's network changes (EventRoutesChanged).
type RouteDecisions struct {
	Decisions []RouteDecision `json:"decisions"`
}

// TunnelUpkeep tells of what is the tunnel's and was taken away by somebody else. It is put back as soon as that is seen.
type TunnelUpkeep struct {
	// Contested is what vanished as often as it was put back, and is left alone for a while: "link" (it is down), an
	// address, a route's prefix. At most MaxContested are told.
	Contested []string `json:"contested"`

	Contest // over that

	// Names is the contest over resolv.conf, which others rewrite as often as it is put back; zero while it is not left alone.
	Names Contest `json:"names,omitzero"`

	// Rule is the contest over our rule before somebody else's (BeforeRule); zero while it is not left alone.
	Rule Contest `json:"rule,omitzero"`
}

// MaxContested is how many contested things are told.
const MaxContested = 64

// Contest tells how often something was taken away, in how long, and for how long it is left alone from then on. All are
// zero where nothing is contested.
type Contest struct {
	Times         int `json:"times,omitempty"`
	WithinSeconds int `json:"withinSeconds,omitempty"`
	AloneSeconds  int `json:"aloneSeconds,omitempty"`
}

// MaxLeases is how many leases there may be at once: one for each cluster that is on.
const MaxLeases = 8

// AcquireInput asks for a lease. While there are others, only those of their own group get one: the engines of one core, which
// knows of all of them. Two programs that do not know of each other must not share a laptop. An empty group shares with nobody.
type AcquireInput struct {
	Group string `json:"group,omitempty"` // made up by the core at its start; no secret
}

// Lease is granted to one client. Without a heartbeat within TimeoutMilliseconds, or when the link closes, the helper
// undoes everything that was done under it, and nothing else.
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
// in-addr.arpa and ip6.arpa zones. No entry has a leading "~" or a trailing dot. Granted is the domain that the user
// lets this cluster answer for as a whole, empty for none; Extra are further ones of the user's word. With WayOnly no names
// are put in force, but the route to the resolver is: another lease's resolver asks it. One lease at a time has names.
type NamesInput struct {
	Resolver string   `json:"resolver"`
	Domains  []string `json:"domains"`
	Search   []string `json:"search"`
	Reverse  []string `json:"reverse"`
	Granted  string   `json:"granted,omitempty"`
	Extra    []string `json:"extra,omitempty"`
	WayOnly  bool     `json:"wayOnly,omitempty"`
}

// NamesInForce tells what setNames did. Refused holds what the helper's own policy left out.
type NamesInForce struct {
	Mode      string        `json:"mode"` // "resolved" or "resolv-conf"; "proxy" where programs come through a proxy, which asks
	Upstreams []string      `json:"upstreams"`
	Search    []string      `json:"search"` // the search list in force
	Refused   []NameRefusal `json:"refused,omitempty"`
}

// NameRefusal tells why a cluster does not answer for a name and what lies below it. Reason is one of: malformed,
// public-suffix, registrable, special-use, name-collision, laptop-domain, reverse, namespace, too-many.
type NameRefusal struct {
	Name      string `json:"name"` // fit to be shown
	Reason    string `json:"reason"`
	Conflict  string `json:"conflict,omitempty"`  // the public suffix or the laptop's domain
	Grantable bool   `json:"grantable,omitempty"` // the cluster's own domain, and the user's word would let it pass
}

// Released is sent once everything was undone. LeftOver counts journal entries that could not be.
type Released struct {
	LeftOver int `json:"leftOver"`
}
