//go:build !windows

package processors

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is what this process has used, in user space and for it in the kernel (getrusage(2)); 0 where it is not known.
func processorTime() time.Duration {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
