package peer

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// pair returns both ends of a connection between this process and itself.
func pair(t *testing.T) (client, server *net.UnixConn) {
	t.Helper()
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "socket"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err = net.DialUnix("unix", nil, listener.Addr().(*net.UnixAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = listener.AcceptUnix(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, server
}

func TestKernelTellsWhoIsThere(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	client, server := pair(t)
	for name, conn := range map[string]*net.UnixConn{"client": client, "server": server} {
		identity, err := Of(conn)
		if err != nil || identity.UID != uint32(os.Getuid()) || identity.PID != int32(os.Getpid()) || identity.Executable != executable {
			t.Errorf("at the other end of the %s: %+v, %v", name, identity, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	_, server := pair(t)
	self, err := Of(server)
	if err != nil {
		t.Fatal(err)
	}
	self.UID = 4001
	executable := self.Executable
	beside := Policy{UID: 4001, folder: filepath.Dir(executable)}
	for name, check := range map[string]struct {
		policy   Policy
		identity Identity
		served   bool
	}{
		"beside the helper in a clone": {beside, self, true},
		"another user":                 {beside, Identity{UID: 4002, PID: 1, Executable: executable, program: self.program}, false},
		"root":                         {beside, Identity{UID: 0, PID: 1}, true},
		"a program unknown":            {beside, Identity{UID: 4001, PID: 1}, false},
		"another folder":               {Policy{UID: 4001, folder: "/usr/lib/slipway"}, self, false},
		// Installed, a path says nothing: whoever has a mount namespace can have any path.
		"a name that is not the installed file": {Policy{UID: 4001, folder: filepath.Dir(executable), installed: true}, self, false},
	} {
		if err := check.policy.AdmitLease(check.identity); (err == nil) != check.served {
			t.Errorf("%s: %v", name, err)
		}
		if err := check.policy.Admit(check.identity); (err == nil) != (check.identity.UID != 4002) {
			t.Errorf("%s asks: %v", name, err)
		}
	}
}

// Users without a number in the helper's user namespace share one: a policy for that number would admit them all.
func TestNobodyIsServedInTheNameOfUsersThatTheKernelCannotName(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for uid, served := range map[uint32]bool{0: true, 4001: true, 65533: true, 65534: false, 1<<32 - 1: false} {
		if _, err := NewPolicy(uid, executable); (err == nil) != served {
			t.Errorf("user %d: %v", uid, err)
		}
	}
}
