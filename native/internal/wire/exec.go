package wire

// The engine's program run as "slipway-engine exec" runs one program in a container over SPDY, where a gateway lets no
// WebSocket through. The core starts it for that: an ExecCommand as the first frame on its standard input, then raw bytes for
// the program's standard input; on its standard output ExecEvents. The end of its standard input ends it.

// ExecCommand says what to run, and where.
type ExecCommand struct {
	Cluster     ClusterAddress     `json:"cluster"`
	Credentials ClusterCredentials `json:"credentials"`
	Namespace   string             `json:"namespace"`
	Pod         string             `json:"pod"`
	Container   string             `json:"container"`
	Command     []string           `json:"command"`
}

// ExecEvent is one of: the program runs, it said something, it ended, or the way to it did.
type ExecEvent struct {
	Event   string   `json:"event"`
	Bytes   []byte   `json:"bytes,omitempty"`   // output, errors; base64 in JSON
	Success bool     `json:"success,omitempty"` // ended: metav1.Status
	Message string   `json:"message,omitempty"` // ended
	Problem *Problem `json:"problem,omitempty"` // failed
}

// Events of an exec.
const (
	ExecOpened = "opened"
	ExecOutput = "output"
	ExecErrors = "errors"
	ExecEnded  = "ended"
	ExecFailed = "failed"
)
