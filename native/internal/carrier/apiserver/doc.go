// Package apiserver is the carrier that opens byte streams to one port of a pod through the Kubernetes API server's
// port-forward: plain SPDY, and SPDY inside a WebSocket (KEP-4006) where the server, a Role or a gateway does not let that through.
// It makes the connection (TCP, proxy, TLS), has it upgraded and explains what came instead; package portforward speaks on it. Each
// stream has its own TCP and TLS connection, so that none waits for another. It must never listen, share a connection, keep
// credentials longer than a dial, or put them into an error. docs/adr/0036 says why this is our own; client-go is the measure in
// the tests.
package apiserver
