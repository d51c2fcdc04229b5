package peer

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func identify(conn *net.UnixConn) (Identity, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Identity{}, fmt.Errorf("peer credentials: %w", err)
	}
	var credentials *unix.Ucred
	var credentialsErr error
	processDescriptor := -1
	if err := raw.Control(func(fd uintptr) {
		credentials, credentialsErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		// Linux 6.5 and later: names the very process, while a PID may have been given to another one since.
		if descriptor, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil {
			processDescriptor = descriptor
		}
	}); err != nil {
		return Identity{}, fmt.Errorf("peer credentials: %w", err)
	}
	if processDescriptor >= 0 {
		defer unix.Close(processDescriptor)
	}
	if credentialsErr != nil {
		return Identity{}, fmt.Errorf("peer credentials: %w", credentialsErr)
	}
	identity := Identity{UID: credentials.Uid, PID: credentials.Pid}
	if credentials.Pid <= 0 {
		return identity, nil // a process of another PID namespace
	}
	link := fmt.Sprintf("/proc/%d/exe", credentials.Pid)
	path, err := os.Readlink(link)
	if err != nil {
		return identity, nil
	}
	// The link leads to the file itself, not to its name: a bind mount over the engine's path in a mount namespace
	// of the peer's own would fool a comparison of paths.
	program, err := os.Stat(link)
	if err != nil {
		return identity, nil
	}
	if processDescriptor >= 0 && unix.PidfdSendSignal(processDescriptor, 0, nil, 0) == unix.ESRCH {
		return identity, nil // it ended, and the PID just read may be somebody else's
	}
	identity.Executable, identity.program = path, program
	return identity, nil
}

// isNobody tells whether uid stands for users that have no number in the helper's user namespace (user_namespaces(7)):
// all of them look alike.
func isNobody(uid uint32) bool {
	const noUser, usual = ^uint32(0), 65534
	content, err := os.ReadFile("/proc/sys/kernel/overflowuid")
	if err != nil {
		return uid == noUser || uid == usual
	}
	overflow, err := strconv.ParseUint(strings.TrimSpace(string(content)), 10, 32)
	return uid == noUser || err != nil && uid == usual || err == nil && uid == uint32(overflow)
}
