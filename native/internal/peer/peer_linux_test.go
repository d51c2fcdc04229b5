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

func TestInstalledMeansThatOnlyRootCanChangeTheFolder(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("NEEDS ROOT, as the helper does, and did not run")
	}
	folder := t.TempDir()
	for path := folder; path != os.TempDir(); path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, check := range map[string]struct {
		mode      os.FileMode
		owner     int
		installed bool
	}{
		"root's":                 {0o755, 0, true},
		"a user's":               {0o755, 4001, false},
		"everybody's":            {0o777, 0, false},
		"everybody's and sticky": {0o777 | os.ModeSticky, 0, false},
		"a group's":              {0o775, 0, false},
	} {
		if err := os.Chmod(folder, check.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(folder, check.owner, -1); err != nil {
			t.Fatal(err)
		}
		if installed, err := onlyRootWrites(folder); err != nil || installed != check.installed {
			t.Errorf("%s: %v %v", name, installed, err)
		}
	}
}
