// Package apiserver is the carrier that opens byte streams to one port of a pod through the Kubernetes API server's port-forward: SPDY
// inside a WebSocket (KEP-4006), plain SPDY where the server or a proxy does not know that. Each stream has its own TCP
// and TLS connection, so that none waits for another. It must never listen, share a connection, keep credentials
// longer than a dial, or put them into an error.
package apiserver
