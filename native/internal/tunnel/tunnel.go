// Package tunnel is the WireGuard half of the data path: one wireguard-go device for each lane, each over its own
// replaceable carrier, fed from a queue that keeps flows apart before encryption. It carries raw IP packets both ways.
// It must never open a connection, decide where a packet may go, or print keys, addresses or packets above debug.
package tunnel

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/device"
	"slipway/native/internal/carrier"
	"slipway/native/internal/packet"
)

// MaxPacket is the largest packet in bytes that a lane takes: a WireGuard message of 65535 bytes less its 32 bytes of
// overhead, rounded down to the padding of 16.
const MaxPacket = 65488

// A key pair is not used for sending after 180 s (WireGuard, section 6.1). A carrier that is attached later than
// this after the last handshake starts with a new one at once, instead of with a packet that waits for it.
const sessionLifetime = 170 * time.Second

// Config describes Lanes.
type Config struct {
	PrivateKey    [32]byte
	PeerPublicKey [32]byte
	PresharedKey  [32]byte
	LaneCount     int
	MTU           int            // bytes; larger packets pass too, up to MaxPacket
	AllowedIPs    []netip.Prefix // what the peer may send from, and what is sent to it

	// Receive takes the packets that a lane received, in the order of arrival. They are valid during the call and may
	// be changed in place. Each lane calls from one goroutine; a call that waits holds up that lane's receiving only.
	// It must not wait for a Send on the same lane, which may be waiting for reports that this lane has yet to receive.
	Receive func(lane int, packets [][]byte)

	QueueBytes int // that wait before encryption in each lane; 0 is DefaultQueueBytes
	Log        *slog.Logger
}

// Lanes is one WireGuard session over several carriers.
type Lanes struct {
	lanes []*lane

	lock   sync.RWMutex // Attach reads, Close writes
	closed bool
}

// lane makes its WireGuard device when its first carrier comes: a device holds a megabyte of buffers.
type lane struct {
	config Config
	number int
	log    *slog.Logger
	queue  *queue
	bind   *bind

	making sync.Mutex
	device *device.Device // no peer of it: its queues have finalizers that keep the device, which keeps this
}

// New makes Lanes without carriers. The caller closes them.
func New(config Config) (*Lanes, error) {
	if config.LaneCount < 1 {
		return nil, fmt.Errorf("make lanes: count %d", config.LaneCount)
	}
	if config.MTU < 576 || config.MTU > MaxPacket {
		return nil, fmt.Errorf("make lanes: MTU %d is outside 576 to %d", config.MTU, MaxPacket)
	}
	if config.Receive == nil {
		return nil, errors.New("make lanes: no receiver")
	}
	if config.QueueBytes <= 0 {
		config.QueueBytes = DefaultQueueBytes
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	lanes := &Lanes{}
	for number := range config.LaneCount {
		lanes.lanes = append(lanes.lanes, newLane(config, number))
	}
	return lanes, nil
}

func newLane(config Config, number int) *lane {
	made := &lane{config: config, number: number, log: config.Log.With("lane", number)}
	made.bind = newBind(config.MTU, func() { made.queue.wake() }, func() { made.queue.refresh() }, made.log)
	made.queue = newQueue(made.bind, config.QueueBytes, config.MTU)
	return made
}

// raise makes the device, if there is none yet.
func (lane *lane) raise() error {
	lane.making.Lock()
	defer lane.making.Unlock()
	if lane.device != nil {
		return nil
	}
	link := newLink(lane.number, lane.config.MTU, lane.queue, lane.bind, lane.config.Receive)
	made := device.NewDevice(link, lane.bind, deviceLogger(lane.log))
	if err := made.IpcSet(settings(lane.config)); err != nil {
		made.Close()
		// The text of this error may hold keys.
		return errors.New("WireGuard refused the settings")
	}
	if err := made.Up(); err != nil {
		made.Close()
		return fmt.Errorf("bring WireGuard up: %w", err)
	}
	lane.device = made
	return nil
}

// settings speaks WireGuard's cross-platform userspace protocol (wireguard.com/xplatform).
func settings(config Config) string {
	var text strings.Builder
	fmt.Fprintf(&text, "private_key=%s\n", hex.EncodeToString(config.PrivateKey[:]))
	fmt.Fprintf(&text, "public_key=%s\n", hex.EncodeToString(config.PeerPublicKey[:]))
	fmt.Fprintf(&text, "preshared_key=%s\n", hex.EncodeToString(config.PresharedKey[:]))
	text.WriteString("endpoint=lane\nreplace_allowed_ips=true\n")
	for _, prefix := range config.AllowedIPs {
		fmt.Fprintf(&text, "allowed_ip=%s\n", prefix)
	}
	return text.String()
}

// Send queues a copy of parsed on a lane. It waits while that lane lives and is full; on a lane without a carrier, and
// for what is larger than MaxPacket, it drops.
func (lanes *Lanes) Send(number int, parsed *packet.Packet) {
	if number >= 0 && number < len(lanes.lanes) {
		lanes.lanes[number].queue.put(parsed, true)
	}
}

// Offer is Send that never waits: when the lane is full, it drops the oldest packet of the flow that fills it most,
// which tells that flow's sender, and no other, to slow down.
func (lanes *Lanes) Offer(number int, parsed *packet.Packet) {
	if number >= 0 && number < len(lanes.lanes) {
		lanes.lanes[number].queue.put(parsed, false)
	}
}

// Attach makes next the carrier of a lane, owns it, and closes the one before. The channel delivers once why it ended.
func (lanes *Lanes) Attach(number int, next carrier.Packets) (lost <-chan error) {
	lanes.lock.RLock()
	defer lanes.lock.RUnlock()
	if lanes.closed || number < 0 || number >= len(lanes.lanes) {
		return refuse(next, fmt.Errorf("attach to lane %d of %d: %w", number, len(lanes.lanes), carrier.ErrClosed))
	}
	lane := lanes.lanes[number]
	if err := lane.raise(); err != nil {
		return refuse(next, err)
	}
	if lane.sessionAge() > sessionLifetime {
		lane.device.LookupPeer(lane.config.PeerPublicKey).ExpireCurrentKeypairs()
	}
	return lane.bind.attach(next)
}

// refuse closes a carrier that no lane took.
func refuse(next carrier.Packets, reason error) (lost <-chan error) {
	next.Close(reason)
	refused := make(chan error, 1)
	refused <- reason
	close(refused)
	return refused
}

// Detach ends the carrier of a lane, if it has one.
func (lanes *Lanes) Detach(number int, reason error) {
	if number >= 0 && number < len(lanes.lanes) {
		lanes.lanes[number].bind.detach(reason)
	}
}

// Close ends all carriers and devices. Packets in their queues are dropped, and calls of Send return.
func (lanes *Lanes) Close() {
	lanes.lock.Lock()
	closed := lanes.closed
	lanes.closed = true
	lanes.lock.Unlock()
	if closed {
		return
	}
	for _, lane := range lanes.lanes {
		// First, because wireguard-go keeps a lock while it sends, which its own Close waits for.
		lane.bind.detach(carrier.ErrClosed)
	}
	for _, lane := range lanes.lanes {
		if lane.device != nil { // Attach is over, and makes none any more
			lane.device.Close()
		} else {
			lane.queue.close()
		}
	}
}

// sessionAge is the time since the last handshake, or more than sessionLifetime if there was none.
func (lane *lane) sessionAge() time.Duration {
	text, err := lane.device.IpcGet()
	if err != nil {
		return sessionLifetime + 1
	}
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		if value, ok := strings.CutPrefix(scanner.Text(), "last_handshake_time_sec="); ok {
			if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
				return time.Since(time.Unix(seconds, 0))
			}
		}
	}
	return sessionLifetime + 1
}

// deviceLogger keeps wireguard-go quiet: its errors name peers, and its verbose lines come with every packet.
func deviceLogger(log *slog.Logger) *device.Logger {
	return &device.Logger{
		Verbosef: device.DiscardLogf,
		Errorf:   func(format string, values ...any) { log.Debug(fmt.Sprintf(format, values...)) },
	}
}
