package direct

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.zx2c4.com/wireguard/replay"

	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/congestion"
	"slipway/native/internal/carrier/stream"
	"slipway/native/internal/wire"
)

// DoorConfig says where a door is.
type DoorConfig struct {
	Addresses []netip.Addr // of the pod
	Port      int          // 0: any that is free
	Log       *slog.Logger
}

// Door listens on the pod's addresses while a session wants it.
type Door struct {
	config DoorConfig
	enter  func(net.Conn, wire.AgentOpening)

	mu        sync.Mutex
	guests    map[hint]*guest
	past      []*guest // dismissed, the latest last: they may be admitted again
	listeners []net.Listener
	port      int
	strangers strangers
	patience  time.Duration // with strangers
	allowance allowance
}

var _ carrier.Door = (*Door)(nil)

// guest is a session that may enter.
type guest struct {
	knocker *knocker
	mu      sync.Mutex
	seen    replay.Filter
	probes  map[net.Conn]struct{}
	isGone  bool
}

// wasHeard tells cheaply whether a knock of that number came before; it notes nothing.
func (g *guest) wasHeard(number uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	looked := g.seen
	return !looked.ValidateCounter(number, ^uint64(0))
}

// isNew tells whether no knock of that number came before, of a guest that may enter.
func (g *guest) isNew(number uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.isGone && g.seen.ValidateCounter(number, ^uint64(0))
}

// lastSeen is what it has seen, once no knock of it is looked at any more.
func (g *guest) lastSeen() replay.Filter {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.seen
}

// begin takes a probe, unless the session has too many or may not enter any more.
func (g *guest) begin(probe net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isGone || len(g.probes) >= probesAtMost {
		return false
	}
	g.probes[probe] = struct{}{}
	return true
}

func (g *guest) end(probe net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.probes, probe)
}

// dismiss ends all probes.
func (g *guest) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isGone = true
	for probe := range g.probes {
		probe.Close()
	}
}

// NewDoor makes a maker of doors; see carrier.NewDoor.
func NewDoor(config DoorConfig) carrier.NewDoor {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return func(enter func(net.Conn, wire.AgentOpening)) carrier.Door {
		return &Door{config: config, enter: enter, guests: map[hint]*guest{}, port: config.Port, patience: patience}
	}
}

// Admit implements carrier.Door.
func (d *Door) Admit(keys carrier.SessionKeys) (wire.DirectListening, error) {
	knocker, err := newKnocker(keys)
	if err != nil {
		return wire.DirectListening{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.listeners) == 0 {
		if err := d.openLocked(); err != nil {
			return wire.DirectListening{}, err
		}
	}
	// A guest that is known keeps what it has seen: a knock of before is no new one.
	if d.guests[knocker.hint] == nil {
		next := &guest{knocker: knocker, probes: map[net.Conn]struct{}{}}
		if place := slices.IndexFunc(d.past, func(one *guest) bool { return one.knocker.hint == knocker.hint }); place >= 0 {
			next.seen = d.past[place].lastSeen()
			d.past = slices.Delete(d.past, place, place+1)
		}
		d.guests[knocker.hint] = next
	}
	listening := wire.DirectListening{Port: d.port}
	for _, listener := range d.listeners {
		listening.Addresses = append(listening.Addresses, listener.Addr().(*net.TCPAddr).AddrPort().Addr().Unmap().String())
	}
	return listening, nil
}

// Packets implements carrier.Door.
func (*Door) Packets(opened carrier.Stream) carrier.Packets { return stream.Accept(opened) }

// Dismiss implements carrier.Door.
func (d *Door) Dismiss(session string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, guest := range d.guests {
		if guest.knocker.keys.Session == session {
			delete(d.guests, name)
			guest.dismiss()
			if len(d.past) == pastAtMost {
				d.past = slices.Delete(d.past, 0, 1)
			}
			d.past = append(d.past, guest)
		}
	}
	if len(d.guests) == 0 {
		d.closeLocked()
	}
}

func (d *Door) openLocked() error {
	if len(d.config.Addresses) == 0 {
		return errors.New("the pod has no address to listen on")
	}
	for _, address := range d.config.Addresses {
		listener, err := net.Listen("tcp", net.JoinHostPort(address.String(), strconv.Itoa(d.port)))
		if err != nil {
			d.closeLocked()
			return fmt.Errorf("listen on the pod's address: %w", err)
		}
		d.port = listener.Addr().(*net.TCPAddr).Port
		d.listeners = append(d.listeners, listener)
		go d.serve(listener)
	}
	d.config.Log.Info("listening for direct paths", "port", d.port)
	return nil
}

func (d *Door) closeLocked() {
	if len(d.listeners) > 0 {
		d.config.Log.Info("listening for direct paths no more")
	}
	for _, listener := range d.listeners {
		listener.Close()
	}
	for _, stranger := range d.strangers.all {
		stranger.Close()
	}
	d.listeners, d.port = nil, d.config.Port
}

func (d *Door) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors: others may close
			time.Sleep(100 * time.Millisecond)
			continue
		}
		d.mu.Lock()
		if !slices.Contains(d.listeners, listener) {
			d.mu.Unlock()
			conn.Close()
			return
		}
		wait := d.allowance.take(time.Now())
		makesWay := d.strangers.add(conn)
		d.mu.Unlock()
		if makesWay != nil {
			makesWay.Close()
		}
		go d.receive(conn)
		if wait > 0 {
			time.Sleep(wait)
		}
	}
}

// receive lets a connection in whose far end proves itself in time, and closes it without a word otherwise.
func (d *Door) receive(conn net.Conn) {
	_ = conn.SetDeadline(time.Now().Add(d.patience))
	from, opening, keys, err := d.examine(conn)
	d.mu.Lock()
	d.strangers.remove(conn)
	d.mu.Unlock()
	if err != nil {
		conn.Close()
		return
	}
	_ = conn.SetDeadline(time.Time{})
	if opening.Kind == kindProbe {
		from.answerProbe(conn, keys)
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		congestion.Follow(tcp)
	}
	d.enter(conn, opening)
}

// examine reads knock and opening.
func (d *Door) examine(conn net.Conn) (from *guest, opening wire.AgentOpening, keys sealed, err error) {
	var knock [knockSize]byte
	// The hint comes first and alone: who does not know one costs no more than that.
	if _, err := io.ReadFull(conn, knock[:hintSize]); err != nil {
		return nil, opening, keys, err
	}
	d.mu.Lock()
	found := d.guests[hint(knock[:hintSize])]
	d.mu.Unlock()
	if found == nil {
		return nil, opening, keys, errStrange
	}
	if _, err := io.ReadFull(conn, knock[hintSize:]); err != nil {
		return nil, opening, keys, err
	}
	if !found.knocker.isAuthentic(knock[:]) || found.wasHeard(numberOf(knock[:])) {
		return nil, opening, keys, errStrange
	}
	answer, keys, err := found.knocker.answer(knock[:], found.isNew)
	if err != nil {
		return nil, opening, keys, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tune(tcp)
	}
	if _, err := conn.Write(answer); err != nil {
		return nil, opening, keys, err
	}
	body, err := keys.readSealed(conn, openingAtMost)
	if err != nil {
		return nil, opening, keys, err
	}
	if err := json.Unmarshal(body, &opening); err != nil {
		return nil, opening, keys, err
	}
	opening.Session = found.knocker.keys.Session
	return found, opening, keys, nil
}

// answerProbe sends back what comes, until the far end closes or falls silent.
func (g *guest) answerProbe(conn net.Conn, keys sealed) {
	defer conn.Close()
	if !g.begin(conn) {
		return
	}
	defer g.end(conn)
	for {
		_ = conn.SetDeadline(time.Now().Add(probeSilence))
		message, err := keys.readSealed(conn, askAtMost)
		if err != nil || keys.writeSealed(conn, message) != nil {
			return
		}
	}
}

// allowance lets so many connections a second be looked at, and as many at once.
type allowance struct {
	left float64
	at   time.Time
}

// take tells how long to wait before the next.
func (a *allowance) take(now time.Time) time.Duration {
	if a.at.IsZero() {
		a.left = knocksEachSecond
	} else {
		a.left = min(a.left+now.Sub(a.at).Seconds()*knocksEachSecond, knocksEachSecond)
	}
	a.at = now
	a.left--
	if a.left >= 0 {
		return 0
	}
	return time.Duration(-a.left / knocksEachSecond * float64(time.Second))
}
