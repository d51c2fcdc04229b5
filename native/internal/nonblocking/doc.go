// Package nonblocking reads and writes non-blocking sockets without telling Go's scheduler. A system call that takes
// longer than about 20 microseconds, as a write of 64 KiB to a local socket does, makes the scheduler hand the
// processor to another thread and take it back, although the call was about to return; docs/adr/0006 has what that
// costs. These calls never wait, so the scheduler need not know of them.
package nonblocking
