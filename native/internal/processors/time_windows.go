package processors

import (
	"time"

	"golang.org/x/sys/windows"
)

// processorTime is what this process has used, in user space and for it in the kernel (GetProcessTimes); 0 where it is not known.
func processorTime() time.Duration {
	var created, exited, kernel, user windows.Filetime
	if windows.GetProcessTimes(windows.CurrentProcess(), &created, &exited, &kernel, &user) != nil {
		return 0
	}
	return hundreds(kernel) + hundreds(user)
}

// hundreds is a span of time in units of 100 ns. Filetime.Nanoseconds takes it for a date.
func hundreds(of windows.Filetime) time.Duration {
	return time.Duration(int64(of.HighDateTime)<<32|int64(of.LowDateTime)) * 100
}
