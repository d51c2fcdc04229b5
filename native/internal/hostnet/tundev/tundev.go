// Package tundev makes the tunnel's interface and takes it away again. It must never touch an interface that does
// not carry the alias it was made with.
package tundev

// QueueLength is the interface's txqueuelen in packets, and with it the size of the TUN's ring; what does not fit is
// lost without a word. The engine ends TCP itself, so it fills while thousands of connections open or close at once, and
// then with small packets: a program that ends with 5,000 connections sends as many, and a question for a name that is
// lost between them costs five seconds. The kernel's own length for a TUN, 500, lost some. What bounds the bytes is the
// window of each connection.
const QueueLength = 8192

// NamePrefix of the interface; the next free number follows.
const NamePrefix = "slipway"

// aliasPrefix heads ifalias, so that a person who lists links sees whose it is.
const aliasPrefix = "slipway tunnel "

// Interface is one that was made.
type Interface struct {
	Name  string
	Index int
}
