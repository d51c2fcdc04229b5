package wire

// The engine opens port-forward streams to one port of the agent pod. Each stream starts with one frame, an
// AgentOpening: kind "control" makes it the control stream (frames both ways, see below), kind "lane" attaches it
// as the carrier of one lane of packets of a registered session (datagrams from then on, see package carrier/stream), kind
// "flows" as one lane of its flows (a handshake and sealed records from then on, see package bytestream). An opening of a
// lane has no reply, so that a lane carries at once; when the agent refuses it, it closes the stream.

// While a session asked for it (request direct), streams may come to AgentDirectPort too. There the opening of a lane is
// the last message of a handshake with the session's keys; see package carrier/direct.

// AgentPort is where the agent listens, on the pod's loopback only.
const AgentPort = 8723

// How many lanes a session has. Packets (datagrams, ping, heartbeats) have one, on which the queue keeps flows apart;
// connections have several, each with a congestion window of its own.
const (
	LaneCount     = 1
	FlowLaneCount = 4
)

// AgentOpening is the first frame of every stream, from the engine.
type AgentOpening struct {
	Kind    string `json:"kind"` // control, lane, flows
	Hello   *Hello `json:"hello,omitempty"`
	Session string `json:"session,omitempty"` // lane, flows: from Registered
	Ticket  Secret `json:"ticket,omitempty"`  // lane, flows: from Registered; 32 random bytes in hexadecimal
	Lane    int    `json:"lane,omitempty"`
}

// AgentRequest is sent by the engine on the control stream, one at a time, after the agent's hello. A control stream
// speaks for the session that it registered: it registers first, and renew, direct and leave mean that session.
type AgentRequest struct {
	Request    string         `json:"request"` // register, renew, direct, leave
	Register   *Register      `json:"register,omitempty"`
	RenewOfKey string         `json:"renewOfKey,omitempty"` // the session's public key
	Direct     *DirectRequest `json:"direct,omitempty"`
}

// AgentReply answers the opening (Hello) and each request. Exactly one field is set.
type AgentReply struct {
	Hello      *Hello           `json:"hello,omitempty"`
	Registered *Registered      `json:"registered,omitempty"`
	Renewed    *Renewed         `json:"renewed,omitempty"`
	Direct     *DirectListening `json:"direct,omitempty"`
	Left       bool             `json:"left,omitempty"`
	Problem    *Problem         `json:"problem,omitempty"`
}

// Register announces a session. PublicKey and PresharedKey are 32 bytes in hexadecimal. Registering a key that is
// registered returns the same session, its addresses and flows untouched, if PresharedKey is the same too.
type Register struct {
	PublicKey    string `json:"publicKey"`
	PresharedKey Secret `json:"presharedKey"`

	// 32 bytes in hexadecimal, the same for every engine of one core, whichever keys that has. A registration ends every
	// other session of its owner: an engine that was killed said no leave. Empty: nobody's.
	OwnerSecret Secret `json:"ownerSecret,omitempty"`

	// Addresses that the laptop's programs hold sockets of, without the agent's: an engine has them on its TUN, from an agent
	// that is gone, or another engine had. Honoured where they are free and inside the range of their family
	// (AddressFamilies); otherwise the agent chooses others.
	WantedAddresses []SessionAddresses `json:"wantedAddresses,omitempty"`
}

// SessionAddresses are a session's addresses of one family. Those of laptop and engine belong to the session alone.
type SessionAddresses struct {
	Laptop string `json:"laptop"`          // the TUN's
	Engine string `json:"engine"`          // the engine's own stack: resolver and probes
	Agent  string `json:"agent,omitempty"` // answers heartbeats
}

// Registered describes the session. Addresses has one entry for each of AddressFamilies.
type Registered struct {
	Session        string             `json:"session"`
	Ticket         Secret             `json:"ticket"`
	AgentPublicKey string             `json:"agentPublicKey"`
	Addresses      []SessionAddresses `json:"addresses"`
	Lanes          int                `json:"lanes"`
	FlowLanes      int                `json:"flowLanes"`
	MTU            int                `json:"mtu"`
	ExpiresSeconds int                `json:"expiresSeconds"`
	Facts          AgentFacts         `json:"facts"`
}

// Renewed answers renew.
type Renewed struct {
	ExpiresSeconds int          `json:"expiresSeconds"`
	Refused        RefusedFlows `json:"refused"`
}

// DirectRequest asks the agent to listen for this session's direct path, or no longer to.
type DirectRequest struct {
	Wanted bool `json:"wanted"`
}

// DirectListening answers direct: where the agent listens for this session. Port is 0 where it does not.
type DirectListening struct {
	Port      int      `json:"port"`
	Addresses []string `json:"addresses"` // of the pod
}
