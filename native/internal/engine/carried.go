package engine

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// errStranded is why streams end whose address the laptop has no longer.
var errStranded = wire.CauseAddressLost.Problem(wire.CodeAgentUnreachable)

// carriedStream is a stream that knows who opened it, and over which direct path; nil where it was none.
type carriedStream struct {
	carrier.Stream
	by   packeter
	over *route

	isStranded atomic.Bool
	forget     func() // nil where nobody keeps it
}

// Read implements io.Reader.
func (stream *carriedStream) Read(into []byte) (int, error) {
	count, err := stream.Stream.Read(into)
	return count, stream.because(err)
}

// Write implements io.Writer.
func (stream *carriedStream) Write(from []byte) (int, error) {
	count, err := stream.Stream.Write(from)
	return count, stream.because(err)
}

func (stream *carriedStream) because(err error) error {
	if err != nil && stream.isStranded.Load() {
		return errStranded
	}
	return err
}

// Close implements io.Closer.
func (stream *carriedStream) Close() error {
	if stream.forget != nil {
		stream.forget()
	}
	return stream.Stream.Close()
}

// packets makes the stream a lane's carrier.
func (stream *carriedStream) packets() carrier.Packets { return stream.by.Packets(stream) }

// localAddress is the laptop's address that a stream ends in; not valid where the stream does not say.
func (stream *carriedStream) localAddress() netip.Addr {
	ends, ok := stream.Stream.(interface{ LocalAddr() net.Addr })
	if !ok {
		return netip.Addr{}
	}
	address, ok := ends.LocalAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return address.AddrPort().Addr().Unmap().WithZone("")
}

// openStreams are all streams to the agent, to end those whose address the laptop loses: TCP itself would try for many
// minutes to send from an address that nobody answers to (tcp(7), tcp_retries2).
type openStreams struct {
	mutex     sync.Mutex
	streams   map[*carriedStream]struct{}
	addresses []netip.Addr // the laptop's, when they were last looked at
}

func newOpenStreams(addresses []netip.Addr) *openStreams {
	return &openStreams{streams: map[*carriedStream]struct{}{}, addresses: addresses}
}

// keep has a stream looked after until it is closed.
func (open *openStreams) keep(stream *carriedStream) {
	stream.forget = func() {
		open.mutex.Lock()
		defer open.mutex.Unlock()
		delete(open.streams, stream)
	}
	open.mutex.Lock()
	defer open.mutex.Unlock()
	open.streams[stream] = struct{}{}
}

// moved ends the streams of addresses that the laptop had and has no longer, and tells how many there were. No address at
// all means that they could not be listed: there is always that of loopback.
func (open *openStreams) moved(addresses []netip.Addr) (ended int) {
	if len(addresses) == 0 {
		return 0
	}
	open.mutex.Lock()
	defer open.mutex.Unlock()
	for stream := range open.streams {
		local := stream.localAddress()
		if slices.Contains(open.addresses, local) && !slices.Contains(addresses, local) {
			stream.isStranded.Store(true)
			delete(open.streams, stream)
			go stream.Close() // which may wait for the far end
			ended++
		}
	}
	open.addresses = addresses
	return ended
}
