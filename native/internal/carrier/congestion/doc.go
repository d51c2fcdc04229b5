// Package congestion chooses the congestion control of a lane's TCP connection by what that connection shows. It begins with
// the system's own and leaves it only for what a whole path of loss has proved; it opens, reads and writes nothing.
package congestion
