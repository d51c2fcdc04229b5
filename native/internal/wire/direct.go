package wire

// The direct path leads from the laptop straight to a port of the agent's pod, past the API server. The core knows
// where that might be (candidates); the engine tries each and takes one that the agent proved itself on.

// AgentDirectPort is where an agent listens on the addresses of its pod, by TCP, while a session asked for it.
const AgentDirectPort = 8724

// CandidatesAtMost is how many candidates the engine looks at; what is beyond them in the list is left out.
const CandidatesAtMost = 16

// DirectCandidates is the whole list of candidates; an empty one says that no direct path is wanted.
type DirectCandidates struct {
	Candidates []DirectCandidate `json:"candidates"`
}

// DirectCandidate is one place where the agent may be reached. Host is an address or a name of the laptop's resolver.
type DirectCandidate struct {
	Kind string `json:"kind"` // pod, node, load-balancer, setting
	Host string `json:"host"`
	Port int    `json:"port"`
}

// Paths of PathEvent.
const (
	PathAPIServer = "apiserver"
	PathDirect    = "direct"
)

// PathEvent tells which way new and moved lanes take, and what came of every candidate that was tried.
type PathEvent struct {
	Path                  string           `json:"path"`                // apiserver, direct
	Candidate             *DirectCandidate `json:"candidate,omitempty"` // of the direct path
	RoundTripMicroseconds int64            `json:"roundTripMicroseconds,omitempty"`
	MTU                   int              `json:"mtu,omitempty"` // of the direct path, in bytes; 0 where the system does not tell
	Tried                 []DirectTried    `json:"tried"`
}

// Outcomes of DirectTried.
const (
	DirectWorks        = "works"         // it is used, or would be
	DirectSilent       = "silent"        // nothing came back in time
	DirectRefused      = "refused"       // the connection was refused
	DirectUnreachable  = "unreachable"   // the laptop has no way there, or the name no address; detail
	DirectNotOurs      = "not-ours"      // somebody is there, who did not prove to be this session's agent
	DirectSlower       = "slower"        // it works, and another way has the shorter round trip
	DirectInsideTunnel = "inside-tunnel" // the laptop sends to it through this very tunnel
	DirectForbidden    = "forbidden"     // loopback, link-local, of many hosts, unspecified, or the laptop's own: never tried
	DirectLost         = "lost"          // it was in use and fell silent or ended
	DirectNoName       = "no-name"       // the laptop's resolver knows no such name
	DirectBlocked      = "blocked"       // the laptop's firewall lets nothing go there
	DirectSmallOnly    = "small-only"    // packets of full size do not come through
)

// DirectTried is what came of a candidate the last time. Detail is the system's own word where the outcome does not say it.
type DirectTried struct {
	Kind    string `json:"kind"`
	Host    string `json:"host"`
	Port    int    `json:"port"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail,omitempty"`
}
