package shell

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What each system's way of keeping users from namespaces looks like in its files.
func TestTheSettingThatKeepsUsersOutIsNamed(t *testing.T) {
	for name, asked := range map[string]struct {
		files map[string]string
		want  Restriction
	}{
		"none may be made":     {map[string]string{"user/max_user_namespaces": "0\n"}, NoNamespaces},
		"Debian's kernel":      {map[string]string{"user/max_user_namespaces": "9\n", "kernel/unprivileged_userns_clone": "0\n"}, OnlyRoots},
		"Ubuntu 24.04":         {map[string]string{"user/max_user_namespaces": "9\n", "kernel/unprivileged_userns_clone": "1\n", "kernel/apparmor_restrict_unprivileged_userns": "1\n"}, AppArmor},
		"Ubuntu that lets all": {map[string]string{"kernel/apparmor_restrict_unprivileged_userns": "0\n"}, OtherwiseBound},
		"a kernel without":     {nil, OtherwiseBound},
	} {
		root := t.TempDir()
		for file, content := range asked.files {
			path := filepath.Join(root, file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := restrictionIn(root); got != asked.want {
			t.Errorf("%s: %s, not %s", name, got, asked.want)
		}
	}
}

func TestATUNThatIsMissingIsNotOneForOthers(t *testing.T) {
	for err, want := range map[error]Restriction{
		unix.ENOENT: NoTUN, unix.ENODEV: NoTUN, unix.EACCES: TUNOnlyRoots, unix.EPERM: TUNOnlyRoots,
	} {
		var refusal *Refusal
		if !errors.As(refusalOf(reasonOf(openingTUN, err)), &refusal) || refusal.Because != want {
			t.Errorf("%v: %v, not %s", err, refusal, want)
		}
	}
}

func TestTheNamespaceHasOneResolverAndTheLaptopsSearchDomains(t *testing.T) {
	got := resolversForInside("# made by hand\nnameserver 127.0.0.53\nnameserver 2001:db8::1\n\noptions  edns0 trust-ad\nsearch corp.example\n")
	if want := "nameserver 192.0.0.1\noptions edns0 trust-ad\nsearch corp.example\n"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestTheLaptopsResolversAreReadAsTheyAre(t *testing.T) {
	for content, want := range map[string][]string{
		"nameserver 127.0.0.53\nnameserver 2001:db8::1\n": {"127.0.0.53:53", "[2001:db8::1]:53"},
		"nameserver fe80::1%eth0\n":                       {"[fe80::1%eth0]:53"},
		"# nothing\nnameserver\nnameserver no-address\n":  {"127.0.0.1:53"},
		"": {"127.0.0.1:53"},
	} {
		var got []string
		for _, server := range resolversIn(content) {
			got = append(got, server.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, not %v", content, got, want)
		}
	}
}

// A resolver that is silent or refuses does not keep the next one from answering.
func TestResolversAreAskedInTurn(t *testing.T) {
	answering, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer answering.Close()
	go func() {
		buffer := make([]byte, 512)
		for {
			length, from, err := answering.ReadFrom(buffer)
			if err != nil {
				return
			}
			answering.WriteTo(append([]byte("answer to "), buffer[:length]...), from)
		}
	}()
	refusing, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing.Close()
	address := func(one net.PacketConn) netip.AddrPort { return one.LocalAddr().(*net.UDPAddr).AddrPort() }
	got := askInTurn([]byte("question"), []netip.AddrPort{address(refusing), address(answering)})
	if string(got) != "answer to question" {
		t.Errorf("%q", got)
	}
}

func TestOnlyWhatListensOnLoopbackIsSeen(t *testing.T) {
	const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
   2: 0A00A8C0:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
   3: 0100007F:9C40 0100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
`
	if got := portsIn(table); !slices.Equal(got, []int{5432, 22}) {
		t.Errorf("%v", got)
	}
}

func TestPortsThatEndAreForgottenAndComeBack(t *testing.T) {
	l := newLoopback(channel{})
	if got := l.changes([]int{80, 443}); !slices.Equal(got, []int{80, 443}) {
		t.Errorf("first %v", got)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	l.serve(443, file)
	if got := l.changes([]int{80}); len(got) != 0 {
		t.Errorf("second %v", got)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("a port that ended on the laptop is still open inside")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := l.changes([]int{80, 443}); !slices.Equal(got, []int{443}) {
		t.Errorf("third %v", got)
	}
}

// gVisor would answer an echo request to any address itself.
func TestPingsAreNotAnsweredInSomebodysPlace(t *testing.T) {
	packet := make([]byte, 28)
	packet[0] = 0x45
	for protocol, may := range map[byte]bool{1: false, 6: true, 17: true} {
		packet[9] = protocol
		if mayLeave(packet) != may {
			t.Errorf("protocol %d: %v", protocol, !may)
		}
	}
	if mayLeave([]byte{0x60}) || mayLeave(nil) {
		t.Error("what is no packet of IPv4 passes")
	}
}
