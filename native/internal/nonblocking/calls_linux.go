//go:build !race

package nonblocking

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Read is read(2) on a descriptor that does not block; EAGAIN is an error like any other.
func Read(descriptor int, into []byte) (int, error) {
	return repeat(unix.SYS_READ, descriptor, into)
}

func write(descriptor int, from []byte) (int, error) {
	return repeat(unix.SYS_WRITE, descriptor, from)
}

func repeat(call uintptr, descriptor int, buffer []byte) (int, error) {
	for {
		count, _, failed := unix.RawSyscall(call, uintptr(descriptor), uintptr(unsafe.Pointer(unsafe.SliceData(buffer))), uintptr(len(buffer)))
		switch failed {
		case 0:
			return int(count), nil
		case unix.EINTR:
			continue
		}
		return 0, failed
	}
}
