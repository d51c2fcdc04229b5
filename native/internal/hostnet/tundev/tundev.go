// Package tundev makes the tunnel's interface and takes it away again. It must never touch an interface that does
// not carry the alias it was made with.
package tundev

// QueueLength is the interface's txqueuelen in packets, and with it the size of the TUN's ring; what does not fit is
// lost without a word. The engine empties it at the speed of memory, so it fills only while the engine waits for a
// processor, and then with small packets: a program that opens 200 connections by name sends 600 of them at once, and a
// lost question costs it five seconds. 32 lost a twentieth of those; the kernel's own length for a TUN loses none.
const QueueLength = 500

// NamePrefix of the interface; the next free number follows.
const NamePrefix = "slipway"

// aliasPrefix heads ifalias, so that a person who lists links sees whose it is.
const aliasPrefix = "slipway tunnel "

// Interface is one that was made.
type Interface struct {
	Name  string
	Index int
}
