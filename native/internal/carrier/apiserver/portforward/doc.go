// Package portforward is the client's half of one Kubernetes port-forward on a connection that was upgraded for it: the
// error stream and the data stream of protocol portforward.k8s.io, in SPDY/3.1 frames, which lie in the connection
// itself or in WebSocket messages (KEP-4006, RFC 6455). It must not dial, and must not know what the bytes mean.
//
// Nothing stands between caller and connection: Write frames and writes on the caller's goroutine, one message for each
// call, and Read reads on the caller's goroutine straight into the caller's buffer. What a server sends is never kept:
// frames pass through whatever their length says, compressed headers are skipped and never inflated, and what must be
// answered (pings) is answered or, where the server takes nothing, dropped.
//
// SPDY here is what Kubernetes' servers speak (github.com/moby/spdystream): draft 3 without flow control. Back-pressure is
// the connection's.
package portforward
