package hostnet

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

func TestMain(m *testing.M) { laptoptest.Main(m) }

func testOptions(t *testing.T, uid uint32) Options {
	return Options{
		UID: uid, RuntimeDirectory: "/run/slipway", StateDirectory: "/var/lib/slipway",
		Log:    slog.New(slog.NewTextHandler(t.Output(), nil)),
		Timing: Timing{Settle: 50 * time.Millisecond, LongestSettling: 500 * time.Millisecond, Look: 300 * time.Millisecond, Poll: 100 * time.Millisecond},
	}
}

// connect makes all changes of a connection and returns without undoing any of them.
func connect(t *testing.T, host *Host) (lease int) {
	t.Helper()
	lease, err := host.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	_, file, err := host.OpenTun(lease, wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.0.2/32"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if _, err := host.SetRoutes(lease, wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16")}); err != nil {
		t.Fatal(err)
	}
	if _, err := host.SetNames(lease, wire.NamesInput{Resolver: "198.18.0.3", Search: []string{"svc.cluster.local"}}); err != nil {
		t.Fatal(err)
	}
	return lease
}

// crash leaves what a killed helper leaves: its lock is gone, its changes and its journal are there.
func crash(host *Host) {
	host.watch.stop()
	host.watch = nil
	for _, held := range host.leases {
		held.names.Forget()
		held.journal.Close()
	}
	host.lock.(*FileLock).file.Close()
}

func expectCode(t *testing.T, err error, code string) {
	t.Helper()
	var problem *wire.Problem
	if !errors.As(err, &problem) || problem.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestLeaseIsRefusedWhereTheJournalCannotBeWritten(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T){
		"full disk": func(t *testing.T) {
			os.MkdirAll("/var/lib/slipway", 0o700)
			if err := unix.Mount("full", "/var/lib/slipway", "tmpfs", 0, "mode=755,size=64k"); err != nil {
				t.Fatal(err)
			}
		},
		"read-only": func(t *testing.T) {
			if err := unix.Mount("", "/var/lib", "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Fatal(err)
			}
		},
		"a file in the folder's place": func(t *testing.T) {
			if err := os.WriteFile("/var/lib/slipway", nil, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			prepare(t)
			host := New(testOptions(t, 0))
			lease, err := host.Acquire()
			expectCode(t, err, wire.CodeJournalUnwritable)
			if err != nil && strings.Contains(err.Error(), "/var/lib") {
				t.Errorf("a path of root's reaches the client: %v", err)
			}
			if _, _, err := host.OpenTun(lease, wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.0.2/32"}}); err == nil {
				t.Error("the interface was opened without a journal")
			}
			if links := laptoptest.Run(t, "ip", "link"); strings.Contains(links, "slipway") {
				t.Errorf("left: %s", links)
			}
			host.Undo(lease)
		})
	}
}

func TestDiskThatFillsUpMeanwhileRefusesTheChangeAndUndoWorks(t *testing.T) {
	laptoptest.Reset(t)
	before := laptoptest.Snapshot(t)
	os.MkdirAll("/var/lib/slipway", 0o700)
	if err := unix.Mount("small", "/var/lib/slipway", "tmpfs", 0, "mode=755,size=256k"); err != nil {
		t.Fatal(err)
	}
	host := New(testOptions(t, 0))
	lease := connect(t, host)
	if err := os.WriteFile("/var/lib/slipway/others", make([]byte, 1<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	// The reserve still takes hundreds of entries; whether it ends or not, every change in force is undone.
	var refused error
	for round := range 300 {
		search := []string{[]string{"a.cluster.local", "b.cluster.local"}[round%2]} // the host keeps it
		if _, refused = host.SetNames(lease, wire.NamesInput{Resolver: "198.18.0.3", Search: search}); refused != nil {
			break
		}
	}
	expectCode(t, refused, wire.CodeJournalUnwritable)
	if left := host.Undo(lease); left != 0 {
		t.Errorf("%d left over", left)
	}
	if err := unix.Unmount("/var/lib/slipway", 0); err != nil {
		t.Fatal(err)
	}
	os.Remove("/var/lib/slipway")
	os.Remove("/run/slipway")
	laptoptest.ExpectSnapshot(t, before)
}

func TestCrashOfAnotherUsersHelperIsUndoneBeforeALease(t *testing.T) {
	laptoptest.Reset(t)
	first := New(testOptions(t, 4001))
	connect(t, first)
	crash(first)
	second := New(testOptions(t, 4002))
	lease, err := second.Acquire()
	if err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile("/etc/resolv.conf"); string(content) != laptoptest.ResolvConf {
		t.Errorf("the second user would take the first one's names for the laptop's:\n%s", content)
	}
	second.Undo(lease)
}

// After a reboot the interface is gone and its index may be somebody else's, but resolv.conf is still ours.
func TestRebootWhileConnected(t *testing.T) {
	laptoptest.Reset(t)
	host := New(testOptions(t, 0))
	name := host.leases[connect(t, host)].tun.Name
	crash(host)
	path := JournalPath("/var/lib/slipway", 0)
	entries, _, err := journal.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	rebooted, err := journal.Open(path, journal.Opened{Boot: "an earlier one", NetworkNamespace: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries[1:] {
		if err := rebooted.Append(entry); err != nil {
			t.Fatal(err)
		}
	}
	rebooted.Close()
	if left, err := Recover(testOptions(t, 0)); left != 0 || err != nil {
		t.Errorf("%d left over, %v", left, err)
	}
	if content, _ := os.ReadFile("/etc/resolv.conf"); string(content) != laptoptest.ResolvConf {
		t.Errorf("resolv.conf is\n%s", content)
	}
	laptoptest.Run(t, "ip", "link", "show", name) // an interface of this boot is none of the journal's
	if _, err := os.Stat(path); err == nil {
		t.Error("the journal is still there")
	}
}

func TestJournalOfALivingNamespaceIsLeftToIt(t *testing.T) {
	laptoptest.Reset(t)
	other := exec.Command("sleep", "600")
	other.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer other.Wait()
	defer other.Process.Kill()
	here, err := linux{}.place()
	if err != nil {
		t.Fatal(err)
	}
	var status unix.Stat_t
	for {
		if err := unix.Stat(fmt.Sprintf("/proc/%d/ns/net", other.Process.Pid), &status); err != nil {
			t.Fatal(err)
		}
		if status.Ino != here.NetworkNamespace {
			break
		}
	}
	path := JournalPath("/var/lib/slipway", 0)
	foreign, err := journal.Open(path, journal.Opened{Boot: here.Boot, NetworkNamespace: status.Ino})
	if err != nil {
		t.Fatal(err)
	}
	foreign.Close()
	_, err = New(testOptions(t, 0)).Acquire()
	expectCode(t, err, wire.CodeJournalUnwritable)
	if _, err := Recover(testOptions(t, 0)); err == nil {
		t.Error("it was replayed here")
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	other.Process.Kill()
	other.Wait()
	if left, err := Recover(testOptions(t, 0)); left != 0 || err != nil {
		t.Errorf("once nobody lives there: %d left over, %v", left, err)
	}
}

func TestWhatCannotBeUndoneIsToldAndKept(t *testing.T) {
	laptoptest.Reset(t)
	host := New(testOptions(t, 0))
	lease := connect(t, host)
	if err := unix.Mount("", "/etc", "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if left := host.Undo(lease); left != 1 {
		t.Errorf("%d left over", left)
	}
	if links := laptoptest.Run(t, "ip", "link"); strings.Contains(links, "slipway") {
		t.Errorf("the rest was not undone: %s", links)
	}
	if inspection, err := host.Inspect(); err != nil || inspection.LeftOver != 1 {
		t.Errorf("%+v %v", inspection, err)
	}
	if err := unix.Mount("", "/etc", "", unix.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	if left, err := Recover(testOptions(t, 0)); left != 0 || err != nil {
		t.Errorf("%d left over, %v", left, err)
	}
	if content, _ := os.ReadFile("/etc/resolv.conf"); string(content) != laptoptest.ResolvConf {
		t.Errorf("resolv.conf is\n%s", content)
	}
}

// A journal that somebody made up must not lead the undo to other files or interfaces.
func TestJournalNamesNothingButOurOwn(t *testing.T) {
	laptoptest.Reset(t)
	if err := os.WriteFile("/etc/shadow", []byte("root's"), 0o600); err != nil {
		t.Fatal(err)
	}
	laptoptest.Run(t, "ip", "tuntap", "add", "vpn0", "mode", "tun") // another VPN's
	defer laptoptest.Run(t, "ip", "link", "delete", "vpn0")
	here, err := linux{}.place()
	if err != nil {
		t.Fatal(err)
	}
	here.Version = journal.Version
	left := replayer{linux{}, testOptions(t, 0)}.undo([]journal.Entry{
		{Opened: &here},
		{Link: &journal.Link{Alias: ""}}, // every ordinary interface has none
		{File: &journal.FileChange{Path: "/etc/shadow", Before: journal.FileState{Kind: "absent"}, After: []byte("root's")}},
	}, here)
	if left == 0 {
		t.Error("it was undone")
	}
	if content, _ := os.ReadFile("/etc/shadow"); string(content) != "root's" {
		t.Errorf("shadow is %q", content)
	}
	laptoptest.Run(t, "ip", "link", "show", "vpn0")
}

func TestRoutesFollowTheWantedSet(t *testing.T) {
	laptoptest.Reset(t)
	host := New(testOptions(t, 0))
	lease := connect(t, host)
	defer host.Undo(lease)
	name := host.leases[lease].tun.Name
	for _, wanted := range [][]string{{"10.96.0.0/16", "10.244.0.0/16"}, {"10.244.0.0/16"}, {}, {"10.97.0.0/16"}} {
		if _, err := host.SetRoutes(lease, wire.RoutesInput{Ranges: wire.WantRouted(wanted...)}); err != nil {
			t.Fatal(err)
		}
		routes := laptoptest.Run(t, "ip", "route", "show", "dev", name)
		if lines := strings.Count(routes, "\n"); lines != len(wanted)+1 || !strings.Contains(routes, "198.18.0.3 ") {
			t.Errorf("wanted %v and the resolver, got\n%s", wanted, routes)
		}
		for _, prefix := range wanted {
			if !strings.Contains(routes, prefix) {
				t.Errorf("no %s in\n%s", prefix, routes)
			}
		}
	}
	// Somebody took the interface down and up: its routes are gone until they are asked for again.
	laptoptest.Run(t, "ip", "link", "set", name, "down")
	laptoptest.Run(t, "ip", "link", "set", name, "up")
	if _, err := host.SetRoutes(lease, wire.RoutesInput{Ranges: wire.WantRouted("10.97.0.0/16")}); err != nil {
		t.Fatal(err)
	}
	if routes := laptoptest.Run(t, "ip", "route"); !strings.Contains(routes, "10.97.0.0/16 dev") || !strings.Contains(routes, "198.18.0.3 dev") {
		t.Errorf("routes did not come back:\n%s", routes)
	}
}

func TestWhatTellsTheLaptopsDomainsIsWatched(t *testing.T) {
	laptoptest.Reset(t)
	// systemd-resolved and systemd-networkd keep a file for each link; routing-only domains are told nowhere else.
	for _, path := range []string{"/run/systemd/resolve/netif/7", "/run/systemd/netif/links/7", "/etc/hosts", "/etc/resolv.conf"} {
		before := fingerprint()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("DOMAINS=~corp.example\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if reflect.DeepEqual(before, fingerprint()) {
			t.Errorf("a change of %s is not seen", path)
		}
	}
}
