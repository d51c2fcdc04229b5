//go:build race

package nonblocking

import "syscall"

// Read is read(2) as the race detector knows it: what one end did before it wrote happened before the other has read.
func Read(descriptor int, into []byte) (int, error) { return repeat(syscall.Read, descriptor, into) }

func write(descriptor int, from []byte) (int, error) { return repeat(syscall.Write, descriptor, from) }

func repeat(call func(int, []byte) (int, error), descriptor int, buffer []byte) (int, error) {
	for {
		count, err := call(descriptor, buffer)
		if err != syscall.EINTR {
			return max(count, 0), err
		}
	}
}
