//go:build unix

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// shed leaves behind, as root, what the one who started this program handed down, but for who they are. The environment
// steers Go's runtime before the program runs (GODEBUG, GOTRACEBACK, GOMEMLIMIT), so the program is started once more
// with a clean one.
func shed() error {
	if os.Geteuid() != 0 {
		return nil // what it does as an ordinary user it does for them
	}
	handed := os.Environ()
	kept := slices.DeleteFunc(slices.Clone(handed), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return !slices.Contains(callerVariables, name)
	})
	if len(kept) != len(handed) {
		program, err := os.Executable()
		if err == nil {
			err = unix.Exec(program, os.Args, kept)
		}
		return fmt.Errorf("start anew without the environment: %w", err)
	}
	unix.Umask(0o077)
	// A limit on the size of files would have root write half of one.
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unlimited); err != nil {
		return fmt.Errorf("lift the limit of files: %w", err)
	}
	return os.Chdir("/")
}
