package resolver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// keptSockets are datagram sockets that asked a question and may ask the next one, for a moment.
type keptSockets struct {
	mutex sync.Mutex
	idle  []keptSocket // the one that was used last behind the others
	sweep *time.Timer  // nil while none is idle
}

type keptSocket struct {
	net.Conn
	server netip.AddrPort
	until  time.Time
}

// take gives a socket to a server, which is the caller's alone; false where none is kept.
func (kept *keptSockets) take(server netip.AddrPort) (keptSocket, bool) {
	kept.mutex.Lock()
	defer kept.mutex.Unlock()
	now := time.Now()
	for index := len(kept.idle) - 1; index >= 0; index-- {
		if socket := kept.idle[index]; socket.server == server && now.Before(socket.until) {
			kept.idle = slices.Delete(kept.idle, index, index+1)
			return socket, true
		}
	}
	return keptSocket{}, false
}

// put keeps a socket on which everything was answered, or closes it.
func (kept *keptSockets) put(socket keptSocket) {
	kept.mutex.Lock()
	defer kept.mutex.Unlock()
	if len(kept.idle) >= mostKept || !time.Now().Before(socket.until) {
		socket.Close()
		return
	}
	kept.idle = append(kept.idle, socket)
	if kept.sweep == nil {
		kept.sweep = time.AfterFunc(keptFor, kept.closeOld)
	}
}

// closeOld closes what is not to be used any more.
func (kept *keptSockets) closeOld() {
	kept.mutex.Lock()
	defer kept.mutex.Unlock()
	now := time.Now()
	kept.idle = slices.DeleteFunc(kept.idle, func(socket keptSocket) bool {
		isOld := !now.Before(socket.until)
		if isOld {
			socket.Close()
		}
		return isOld
	})
	kept.sweep = nil
	if len(kept.idle) > 0 {
		kept.sweep = time.AfterFunc(keptFor, kept.closeOld)
	}
}

func (kept *keptSockets) closeAll() {
	if kept == nil {
		return
	}
	kept.mutex.Lock()
	defer kept.mutex.Unlock()
	for _, socket := range kept.idle {
		socket.Close()
	}
	kept.idle = nil
}

// askKept is askBy by a socket that is kept, or made and kept.
func (servers *Servers) askKept(ctx context.Context, server netip.AddrPort, query *dns.Msg, packed []byte) (*dns.Msg, error) {
	if socket, isKept := servers.kept.take(server); isKept {
		// Who answered by it may have gone, and the cluster may send what comes from its port there still.
		short, cancel := context.WithTimeout(ctx, resendAfter)
		defer cancel()
		if response, err := servers.askOn(short, socket, query, packed); err == nil || ctx.Err() != nil {
			return response, err
		}
	}
	connection, err := servers.dial(ctx, "udp", server)
	if err != nil {
		return nil, fmt.Errorf("dial nameserver by udp: %w", err)
	}
	return servers.askOn(ctx, keptSocket{connection, server, time.Now().Add(keptFor)}, query, packed)
}

func (servers *Servers) askOn(ctx context.Context, socket keptSocket, query *dns.Msg, packed []byte) (*dns.Msg, error) {
	stop := context.AfterFunc(ctx, func() { _ = socket.SetDeadline(time.Unix(1, 0)) })
	response, err := exchangeDatagram(ctx, socket, query, packed)
	if !stop() || err != nil {
		socket.Close()
		return response, err
	}
	servers.kept.put(socket)
	return response, nil
}
