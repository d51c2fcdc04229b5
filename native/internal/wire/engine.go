package wire

// The core starts the engine as a child process and speaks frames (4-byte length, JSON) on its standard input and
// output; standard error is the engine's log. The end of standard input ends the engine, and with it everything
// it asked of the helper.

// EngineCommand is what the core sends. Exactly the field that Command names is set.
type EngineCommand struct {
	Command     string              `json:"command"`
	Hello       *Hello              `json:"hello,omitempty"`
	Prepare     *PrepareCommand     `json:"prepare,omitempty"`
	Connect     *ConnectCommand     `json:"connect,omitempty"`
	Agent       *AgentTarget        `json:"agent,omitempty"`
	Credentials *ClusterCredentials `json:"credentials,omitempty"`
	Scope       *NameScope          `json:"scope,omitempty"`
	Protect     *ProtectCommand     `json:"protect,omitempty"`
	Plan        *PlanCommand        `json:"plan,omitempty"`
	Endpoints   *ServiceEndpoints   `json:"endpoints,omitempty"`
	Hosts       *HostsInput         `json:"hosts,omitempty"`
	Test        *TestCommand        `json:"test,omitempty"`
	Reach       *ReachTargets       `json:"reach,omitempty"`
	CheckReach  *CheckReachCommand  `json:"checkReach,omitempty"`
	Direct      *DirectCandidates   `json:"direct,omitempty"`
	Flows       *FlowsCommand       `json:"flows,omitempty"`
}

// Commands of the core to the engine.
const (
	CommandHello       = "hello"       // answered by event hello
	CommandPrepare     = "prepare"     // helper lease and route check; answered by prepared or failed; changes nothing
	CommandConnect     = "connect"     // answered by steps, then ready or failed
	CommandAgent       = "agent"       // a new agent pod in place of one that was lost
	CommandAgentGone   = "agentGone"   // the pod is gone for good: what was open through it is reset; another may take long to come
	CommandCredentials = "credentials" // answers event needCredentials
	CommandScope       = "scope"       // other namespaces or home namespace
	CommandProtect     = "protect"     // other addresses that no route may cover; answered by event routes where that changes any
	CommandPlan        = "plan"        // other ranges and mappings; answered by event routes
	CommandEndpoints   = "endpoints"   // the Services and their ready endpoints, first all of them, then what changed
	CommandHosts       = "hosts"       // the addresses that narrowed ranges may have, first all, then what changed; at most MaxHosts
	CommandTest        = "test"        // answered by event tested
	CommandReach       = "reach"       // other targets of the reach check than before
	CommandCheckReach  = "checkReach"  // check now; answered by event reach with its id
	CommandDirect      = "direct"      // the whole list of ways past the API server; answered by event path where that changes it
	CommandFlows       = "flows"       // answered by event flows while connected, until it is told again that nobody watches
	CommandStop        = "stop"        // undo everything; answered by event stopped, then the engine exits 0
)

// PrepareCommand takes the helper's lease and asks it about the ranges.
type PrepareCommand struct {
	HelperSocket string        `json:"helperSocket"`
	Group        string        `json:"group,omitempty"`     // see AcquireInput
	WithProxy    bool          `json:"withProxy,omitempty"` // no helper: programs come through a proxy, and nothing of the laptop is changed
	Ranges       []WantedRange `json:"ranges"`
	Protected    []string      `json:"protected"`
	Nodes        []string      `json:"nodes,omitempty"` // see RoutesInput
}

// ConnectCommand brings the tunnel, the routes and the names up, in this order.
type ConnectCommand struct {
	Cluster     ClusterAddress     `json:"cluster"`
	Credentials ClusterCredentials `json:"credentials"`
	Agent       AgentTarget        `json:"agent"`
	OwnerSecret Secret             `json:"ownerSecret,omitempty"` // see Register
	Ranges      []WantedRange      `json:"ranges"`
	Mappings    []Mapping          `json:"mappings,omitempty"`
	Protected   []string           `json:"protected"`
	Nodes       []string           `json:"nodes,omitempty"` // see RoutesInput
	Scope       NameScope          `json:"scope"`
	Names       bool               `json:"names"`            // false: connect without names
	Direct      *DirectCandidates  `json:"direct,omitempty"` // as in command direct
	Proxy       *ProxyInput        `json:"proxy,omitempty"`  // where prepare said WithProxy

	// Those of the engine before (ReadyEvent), where this one comes in its place; see Register.
	WantedAddresses []SessionAddresses `json:"wantedAddresses,omitempty"`
}

// ClusterAddress is how the API server is reached, as the kubeconfig says it.
type ClusterAddress struct {
	Server                string       `json:"server"`
	TLSServerName         string       `json:"tlsServerName,omitempty"`
	CertificateAuthority  string       `json:"certificateAuthority,omitempty"` // PEM
	InsecureSkipTLSVerify bool         `json:"insecureSkipTlsVerify,omitempty"`
	ProxyURL              string       `json:"proxyUrl,omitempty"`
	Impersonate           *Impersonate `json:"impersonate,omitempty"`
}

// Impersonate holds the kubeconfig's act-as fields.
type Impersonate struct {
	User   string              `json:"user"`
	UID    string              `json:"uid,omitempty"`
	Groups []string            `json:"groups,omitempty"`
	Extra  map[string][]string `json:"extra,omitempty"`
}

// ClusterCredentials authenticate to the API server. Fields are never logged.
type ClusterCredentials struct {
	BearerToken       Secret `json:"bearerToken,omitempty"`
	ClientCertificate string `json:"clientCertificate,omitempty"` // PEM
	ClientKey         Secret `json:"clientKey,omitempty"`         // PEM
	Username          string `json:"username,omitempty"`
	Password          Secret `json:"password,omitempty"`
}

// Secret prints as *** through fmt and log; only JSON encoding reveals it.
type Secret string

func (Secret) String() string   { return "***" }
func (Secret) GoString() string { return "***" }

// AgentTarget is the pod to forward to.
type AgentTarget struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Port      int    `json:"port"` // control and carrier, on the pod's loopback
}

// NameScope says which short names resolve, and what the user lets the cluster answer for beyond its Services.
type NameScope struct {
	HomeNamespace string   `json:"homeNamespace"`
	Namespaces    []string `json:"namespaces"`         // all that exist, as far as the user may list them
	Headless      []string `json:"headless,omitempty"` // Services of the home namespace whose pods have names of their own below them
	Granted       string   `json:"granted,omitempty"`  // the cluster's whole domain; empty: only what the policy lets pass
	Extra         []string `json:"extra,omitempty"`    // other domains that the user has the cluster's nameservers answer for

	Suffix         string         `json:"suffix,omitempty"`         // a label of this cluster's own, behind any of its names; empty for none
	Clusters       []OtherCluster `json:"clusters,omitempty"`       // the others that are on
	NamesElsewhere bool           `json:"namesElsewhere,omitempty"` // another cluster's names are in force: this one's answerer has its route, and no more
}

// OtherCluster is one whose names end in Suffix and are asked of Resolver, an address of its tunnel. Ranges, in CIDR form, are
// those whose addresses it names.
type OtherCluster struct {
	Suffix   string   `json:"suffix"`
	Resolver string   `json:"resolver"`
	Ranges   []string `json:"ranges"`
}

// ServiceEndpoints is a change of what is known of Services with a cluster IP and of the addresses of their ready
// endpoints. A change that is too large for one frame comes in parts, which count together when the last one is there.
type ServiceEndpoints struct {
	Whole    bool              `json:"whole,omitempty"` // of the first part: nothing else is there than what is listed
	Services []ServiceEndpoint `json:"services"`        // all addresses of a Service together, in place of those before
	Gone     []ServiceName     `json:"gone,omitempty"`  // Services that have no address any more
	More     bool              `json:"more,omitempty"`  // another part follows
}

// ServiceName names a Service.
type ServiceName struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// ServiceEndpoint is one Service address. Ready is empty where no endpoint is ready; of very many it has some.
type ServiceEndpoint struct {
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Address   string   `json:"address"`
	Ready     []string `json:"ready"`
}

// TestCommand asks for the way to one name or address and TCP port, as a program on the laptop would go.
// Port 0 leaves the connection out: where nothing is ready behind an address, dialling it tells nothing more.
type TestCommand struct {
	ID      uint64 `json:"id"`
	Host    string `json:"host"`
	Port    int    `json:"port"`
	Request string `json:"request,omitempty"` // what is asked on the connection: RequestHTTP, RequestHTTPS; empty: nothing
	Name    string `json:"name,omitempty"`    // the host that the request names
	OwnWay  bool   `json:"ownWay,omitempty"`  // the laptop has ways of its own to the cluster: whatever way it goes is right
}

// Requests of a test.
const (
	RequestHTTP  = "http"
	RequestHTTPS = "https"
)

// ReachTargets is what the reach check asks and dials from the agent, as a pod of the cluster would. Where a list is
// empty or the name is, that check does not run. Of a dual-stack cluster they are of both families.
type ReachTargets struct {
	Name      string   `json:"name"`                // one that must exist: kubernetes.default.svc and the cluster's domain
	Services  []string `json:"services"`            // address:port, TCP, of Services with ready endpoints
	Pods      []string `json:"pods"`                // address:port, TCP, of ready endpoints, on any node but the agent's
	LocalPods []string `json:"localPods,omitempty"` // the same on the agent's node
}

// CheckReachCommand asks for a check of everything now. Its answer has the same ID, which is not 0.
type CheckReachCommand struct {
	ID uint64 `json:"id"`
}

// EngineEvent is what the engine sends. Exactly the field that Event names is set, where it has one.
type EngineEvent struct {
	Event    string         `json:"event"`
	Hello    *Hello         `json:"hello,omitempty"`
	Prepared *PreparedEvent `json:"prepared,omitempty"`
	Step     *StepEvent     `json:"step,omitempty"`
	Ready    *ReadyEvent    `json:"ready,omitempty"`
	Tunnel   *TunnelEvent   `json:"tunnel,omitempty"`
	Names    *NamesEvent    `json:"names,omitempty"`
	Routes   *RoutesEvent   `json:"routes,omitempty"`
	Counters *CountersEvent `json:"counters,omitempty"`
	Tested   *TestedEvent   `json:"tested,omitempty"`
	Reach    *ReachEvent    `json:"reach,omitempty"`
	Path     *PathEvent     `json:"path,omitempty"`
	Flows    *FlowsEvent    `json:"flows,omitempty"`
	Failed   *FailedEvent   `json:"failed,omitempty"`
	Stopped  *StoppedEvent  `json:"stopped,omitempty"`
	Problem  *Problem       `json:"problem,omitempty"`
}

// Events of the engine to the core.
const (
	EventHello           = "hello"
	EventPrepared        = "prepared"
	EventStep            = "step"
	EventReady           = "ready"
	EventTunnel          = "tunnel"          // the heartbeat through the data path found or lost the agent
	EventNames           = "names"           // names in force changed
	EventRoutes          = "routes"          // the helper withdrew ranges or took some back
	EventCounters        = "counters"        // once a second while connected
	EventNeedCredentials = "needCredentials" // the API server answered 401
	EventAgentLost       = "agentLost"       // the pod is gone or refuses this session; the core sends a new agent
	EventHelperLost      = "helperLost"      // the helper's link broke; the engine ends after this
	EventTested          = "tested"
	EventReach           = "reach"  // whenever the verdict changed, once after ready, and as the answer of checkReach
	EventPath            = "path"   // once after ready, and whenever something of it changed
	EventFlows           = "flows"  // about once a second while they are watched
	EventFailed          = "failed" // prepare or connect failed and everything was undone; the engine stays
	EventStopped         = "stopped"
)

// PreparedEvent answers prepare.
type PreparedEvent struct {
	Helper    Hello           `json:"helper"`
	Host      HostInspection  `json:"host"`
	Decisions []RouteDecision `json:"decisions"`
}

// StepEvent tells that a step of connect began: tunnel, routes, names, verify.
type StepEvent struct {
	Step string `json:"step"`
}

// ReadyEvent: the data path was verified and everything is in force.
type ReadyEvent struct {
	Interface string          `json:"interface"`
	MTU       int             `json:"mtu"`
	Path      string          `json:"path"` // as in TunnelEvent
	Routes    []RouteDecision `json:"routes"`
	Names     *NamesEvent     `json:"names,omitempty"`
	Agent     AgentFacts      `json:"agent"`

	Proxy     *ProxyEvent        `json:"proxy,omitempty"`
	Addresses []SessionAddresses `json:"addresses"` // for as long as the engine lives, without the agent's
}

// AgentFacts is what the agent said of itself.
type AgentFacts struct {
	Build         string   `json:"build"`
	Nameservers   []string `json:"nameservers"`
	ClusterDomain string   `json:"clusterDomain"`
	Search        []string `json:"search"`
	CanPing       bool     `json:"canPing"`
}

// NamesElsewhere is the mode of a cluster whose names are asked by its suffix alone: those in force are another's.
const NamesElsewhere = "elsewhere"

// NamesEvent tells the names in force; Problem where they could not be set. Mode is that of NamesInForce, "off" or NamesElsewhere.
type NamesEvent struct {
	Mode      string        `json:"mode"`
	Resolver  string        `json:"resolver"`
	Domains   []string      `json:"domains"`
	Search    []string      `json:"search"`
	Upstreams []string      `json:"upstreams"`
	Refused   []NameRefusal `json:"refused,omitempty"`
	Problem   *Problem      `json:"problem,omitempty"`
}

// RoutesEvent holds the decisions on all wanted ranges, as they are in force from now on.
type RoutesEvent struct {
	Decisions []RouteDecision `json:"decisions"`
	Problem   *Problem        `json:"problem,omitempty"` // why a plan was refused as a whole; the decisions are those of before
}

// TunnelEvent tells whether the tunnel lives. RoundTripMicroseconds is the last heartbeat's.
type TunnelEvent struct {
	State                 string   `json:"state"` // up, down
	Path                  string   `json:"path"`  // name of the carrier of the lane of packets: apiserver, direct
	RoundTripMicroseconds int64    `json:"roundTripMicroseconds,omitempty"`
	Attempt               int      `json:"attempt,omitempty"`
	Because               *Problem `json:"because,omitempty"`
}

// CountersEvent counts since ready; bytes are those of inner packets.
type CountersEvent struct {
	BytesUp               uint64 `json:"bytesUp"`
	BytesDown             uint64 `json:"bytesDown"`
	PacketsUp             uint64 `json:"packetsUp"`
	PacketsDown           uint64 `json:"packetsDown"`
	Flows                 int    `json:"flows"`
	RoundTripMicroseconds int64  `json:"roundTripMicroseconds"`

	Refused RefusedFlows    `json:"refused"`
	Routes  []RangeCounters `json:"routes"` // of each routed range; what goes elsewhere (names, heartbeats) is in none
}

// RangeCounters counts the bytes of one routed range; a prefix within another counts for itself alone.
type RangeCounters struct {
	Prefix    string `json:"prefix"`
	BytesUp   uint64 `json:"bytesUp"`
	BytesDown uint64 `json:"bytesDown"`
}

// TestedEvent answers test: the steps taken, in order, each with its time or its problem.
type TestedEvent struct {
	ID    uint64       `json:"id"`
	Steps []TestedStep `json:"steps"`
	Times *TestedTimes `json:"times,omitempty"` // of a connection that stood
}

// TestedTimes is what a program on the laptop waits for, from its connect(2) to the first byte of a response, or until the
// connection stands where nothing is asked. The agent's own parts are believed as far as they fit into the engine's.
type TestedTimes struct {
	LaptopMicroseconds  int64  `json:"laptopMicroseconds"`            // between program and engine
	TunnelMicroseconds  int64  `json:"tunnelMicroseconds"`            // between engine and the agent's socket, both ways
	DialMicroseconds    int64  `json:"dialMicroseconds"`              // the agent's connect(2)
	ServiceMicroseconds *int64 `json:"serviceMicroseconds,omitempty"` // from what the agent wrote to what it read
}

// TestedStep is one of name, route, tunnel, connection, request.
type TestedStep struct {
	Step         string   `json:"step"`
	Microseconds int64    `json:"microseconds"`
	Answer       string   `json:"answer,omitempty"`
	Problem      *Problem `json:"problem,omitempty"`
}

// Checks of the reach check, in the order in which they are told.
const (
	ReachInterface = "interface" // the tunnel's interface is there, up, with its addresses; subject: its name
	ReachRoute     = "route"     // the kernel sends a routed range into it; subject: the range
	ReachFirewall  = "firewall"  // a packet comes out of it, and its answer back; subject: the address
	ReachResolver  = "resolver"  // the cluster's DNS answers the agent; subject: the name
	ReachService   = "service"   // a Service answers a TCP dial of the agent; subject: address:port
	ReachPod       = "pod"       // so does a pod
)

// States of a check.
const (
	ReachPassed = "passed"
	ReachFailed = "failed" // Problem tells why
	ReachNotRun = "notRun" // nothing to ask or to dial, or what it hangs on failed
)

// ReachEvent holds the verdict of every check.
type ReachEvent struct {
	ID     uint64       `json:"id,omitempty"` // of the checkReach that it answers
	Checks []ReachCheck `json:"checks"`
}

// ReachCheck is one verdict. Routes have one for each routed range, every other check has exactly one.
type ReachCheck struct {
	Check   string   `json:"check"`
	State   string   `json:"state"`
	Subject string   `json:"subject,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// FailedEvent answers prepare or connect that did not succeed.
type FailedEvent struct {
	During   string  `json:"during"` // prepare, tunnel, routes, names, verify
	Problem  Problem `json:"problem"`
	LeftOver int     `json:"leftOver"`
}

// StoppedEvent answers stop.
type StoppedEvent struct {
	LeftOver int `json:"leftOver"`
}
