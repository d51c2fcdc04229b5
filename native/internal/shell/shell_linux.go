// Package shell runs one program in a network of its own, without any right on the laptop (user_namespaces(7)): its user is
// root of new user, mount, network and process-id namespaces, so that the helper works there as on a laptop, and outside
// them nothing changes. What is not the cluster's leaves by a TUN whose other end is a userspace stack in the laptop's own
// network. It must never need, ask for or pass on a privilege of the laptop, and nothing of it outlives its first process.
package shell

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Plan is what is run, in the order of the fields.
type Plan struct {
	Connect    []string `json:"connect"`    // joins the cluster's network; another exit code than 0 is the end
	Program    []string `json:"program"`    // then has the network
	Disconnect []string `json:"disconnect"` // leaves it in good order
	Folder     string   `json:"folder"`     // absolute, the user's own: what the inside keeps while it lives
	User       int      `json:"user"`       // what the program sees as its own numbers; Run sets both
	Group      int      `json:"group"`
}

// The link between the namespace and the laptop has the addresses that RFC 7335 keeps for such inner links: they are
// neither a cluster's nor a network's. The far end answers DNS as the laptop's own resolvers do.
var (
	insideAddress  = netip.MustParsePrefix("192.0.0.2/29")
	outsideAddress = netip.MustParseAddr("192.0.0.1")
)

// linkMTU is near the largest that IPv4 can say: nothing but copying is between the ends.
const linkMTU = 65520

// ExitFailed is the exit code where the namespace could not be made or was lost (as env(1) and timeout(1) have it).
const ExitFailed = 125

// message is what the two ends say to each other, one a datagram, with at most one descriptor.
type message struct {
	Plan    *Plan   `json:"plan,omitempty"`    // to the inside, first
	Link    bool    `json:"link,omitempty"`    // from the inside: the TUN
	Ready   bool    `json:"ready,omitempty"`   // to the inside: the TUN is read
	Ports   []int   `json:"ports,omitempty"`   // to the inside: new ones that answer on the laptop's loopback
	Port    int     `json:"port,omitempty"`    // from the inside: a listener for that port
	Refused *reason `json:"refused,omitempty"` // from the inside, last: why there is no network
}

// reason is an error that came over the link.
type reason struct {
	Step  string `json:"step"`
	Error string `json:"error"`
	Right bool   `json:"right"` // the kernel refused a right
}

func reasonOf(step string, err error) *reason {
	isRefused := errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)
	return &reason{Step: step, Error: err.Error(), Right: isRefused}
}

// largest is more than any message, in bytes: 65535 ports of six characters.
const largest = 512 << 10

// channel carries messages over a pair of connected sockets that keep their bounds.
type channel struct{ conn *net.UnixConn }

func newChannel(file *os.File) (channel, error) {
	conn, err := net.FileConn(file)
	if err != nil {
		return channel{}, fmt.Errorf("open the link to the namespace: %w", err)
	}
	file.Close()
	return channel{conn.(*net.UnixConn)}, nil
}

func (c channel) send(what message, file *os.File) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	var rights []byte
	if file != nil {
		rights = unix.UnixRights(int(file.Fd()))
	}
	_, _, err = c.conn.WriteMsgUnix(body, rights, nil)
	return err
}

// receive waits for one message. The descriptor that came with it, nil where none did, is the caller's.
func (c channel) receive() (what message, file *os.File, err error) {
	body, rights := make([]byte, largest), make([]byte, unix.CmsgSpace(4))
	length, rightsLength, _, _, err := c.conn.ReadMsgUnix(body, rights)
	if err != nil {
		return what, nil, err
	}
	if length == 0 {
		return what, nil, errors.New("the other end is gone")
	}
	if rightsLength > 0 {
		if file, err = descriptorIn(rights[:rightsLength]); err != nil {
			return what, nil, err
		}
	}
	if err := json.Unmarshal(body[:length], &what); err != nil {
		if file != nil {
			file.Close()
		}
		return what, nil, fmt.Errorf("read a message: %w", err)
	}
	return what, file, nil
}

func descriptorIn(rights []byte) (*os.File, error) {
	parts, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(parts) != 1 {
		return nil, fmt.Errorf("read a descriptor: %w", errors.Join(err, unix.EBADMSG))
	}
	descriptors, err := unix.ParseUnixRights(&parts[0])
	if err != nil || len(descriptors) != 1 {
		return nil, fmt.Errorf("read a descriptor: %w", errors.Join(err, unix.EBADMSG))
	}
	unix.CloseOnExec(descriptors[0])
	if err := unix.SetNonblock(descriptors[0], true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(descriptors[0]), "handed over"), nil
}
