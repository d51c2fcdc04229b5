package terminate

import (
	"errors"
	"io"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"slipway/native/internal/bytestream"
)

// copySize is how many bytes one turn of a copy moves at most.
const copySize = 256 << 10

// copiesAtOnce is how many of them a goroutine does that has other work.
const copiesAtOnce = 4

// toCluster moves what the laptop has sent, until there is no more or the flow has no room.
func (c *connection) toCluster() {
	endpoint, ok := c.joined()
	if !ok {
		return
	}
	if c.up.ended.Load() { // a reset may follow the laptop's FIN
		c.failIfReset(endpoint)
		return
	}
	for {
		var received tcpip.Error
		_, err := c.flow.Fill(copySize, func(into []byte) (int, error) {
			writer := tcpip.SliceWriter(into)
			result, failed := endpoint.Read(&writer, tcpip.ReadOptions{})
			received = failed
			return result.Count, nil
		})
		if err != nil { // no room, of which Writable tells the end, or the flow is over
			c.failIfReset(endpoint) // who reads nothing at the far end may do so for ever
			return
		}
		switch received.(type) {
		case nil:
		case *tcpip.ErrWouldBlock:
			return
		case *tcpip.ErrClosedForReceive:
			c.up.ended.Store(true)
			c.flow.CloseWrite()
			c.endIfBoth()
			c.failIfReset(endpoint) // both may have come before either was read
			return
		default: // all that came before it has been read
			c.endsAs(ResetByLaptop)
			c.flow.ResetBehind(bytestream.Aborted)
			c.end(tcpip.Endpoint.Abort)
			return
		}
	}
}

// failIfReset passes on that the laptop has reset the connection, and loses what there was no room for, as a kernel does
// with what it has not sent yet. Behind the laptop's FIN a reset leaves gVisor's endpoint closed, as two FINs do.
func (c *connection) failIfReset(endpoint tcpip.Endpoint) {
	state := tcp.EndpointState(endpoint.State())
	if state == tcp.StateError || state == tcp.StateClose && !c.down.ended.Load() {
		c.fail(ResetByLaptop)
	}
}

// toLaptop moves what has come from the cluster, until there is no more or the endpoint has no room.
func (c *connection) toLaptop() {
	for !c.pieceToLaptop() {
	}
}

// pieceToLaptop is toLaptop for a few turns of copying; it is false where there may be more.
func (c *connection) pieceToLaptop() (isAll bool) {
	endpoint, ok := c.joined()
	if !ok {
		return true
	}
	if c.down.ended.Load() {
		if c.isReset.Load() {
			c.end(tcpip.Endpoint.Abort)
		}
		return true
	}
	c.down.blocked.Store(false)
	for range copiesAtOnce {
		source := &flowReader{flow: c.flow, left: min(c.flow.Buffered(), copySize)}
		if source.left == 0 {
			_, err := c.flow.Read(nil)
			switch {
			case err == nil: // something came in between
				continue
			case errors.Is(err, io.EOF):
				c.down.ended.Store(true)
				if failed := endpoint.Shutdown(tcpip.ShutdownWrite); failed != nil && !isOver(failed) {
					c.fail(ResetByLaptop)
				}
				c.endIfBoth()
			case errors.Is(err, bytestream.ErrReset):
				c.end(tcpip.Endpoint.Abort)
			}
			return true
		}
		waiting := source.left
		written, failed := endpoint.Write(source, tcpip.WriteOptions{})
		switch failed.(type) {
		case nil:
			if int(written) != waiting-source.left {
				c.fail(ResetByLaptop) // bytes were dropped
				return true
			}
		case *tcpip.ErrWouldBlock:
			if c.down.blocked.Swap(true) {
				return true
			} // else there may be room since
		default:
			c.fail(ResetByLaptop)
			return true
		}
	}
	return false
}

// isOver tells that the laptop's side had ended already when it was asked to end.
func isOver(err tcpip.Error) bool {
	_, over := err.(*tcpip.ErrNotConnected)
	return over
}
