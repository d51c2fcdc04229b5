package names

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/hostnet/tundev"
)

// realResolved names a folder into which the packages systemd-resolved and its like were unpacked; with it the tests
// run against the real one as well.
const realResolved = "SLIPWAY_TEST_RESOLVED"

const busConfiguration = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy></busconfig>
`

// resolvers are the implementations that must behave alike: each starts one and returns it.
func resolvers(t *testing.T) map[string]func(t *testing.T) *exec.Cmd {
	found := map[string]func(t *testing.T) *exec.Cmd{
		"stand-in": func(t *testing.T) *exec.Cmd {
			command := exec.Command(os.Args[0])
			command.Env = append(os.Environ(), "SLIPWAY_TEST_PART=resolved")
			return startProcess(t, command, &syscall.SysProcAttr{})
		},
	}
	if root := os.Getenv(realResolved); root != "" {
		program := filepath.Join(root, "lib/systemd/systemd-resolved")
		found["systemd-resolved"] = func(t *testing.T) *exec.Cmd {
			return startProcess(t, exec.Command(program), &syscall.SysProcAttr{})
		}
	} else {
		t.Logf("%s is not set: the stand-in only", realResolved)
	}
	return found
}

func startProcess(t *testing.T, command *exec.Cmd, attributes *syscall.SysProcAttr) *exec.Cmd {
	t.Helper()
	attributes.Pdeathsig = syscall.SIGKILL
	command.SysProcAttr = attributes
	command.Stdout, command.Stderr = t.Output(), t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	return command
}

// useResolved makes the laptop one whose names go through resolved, with the office's server on the LAN interface.
func useResolved(t *testing.T, start func(t *testing.T) *exec.Cmd) (resolvedProcess *exec.Cmd, link int) {
	t.Helper()
	laptoptest.Reset(t)
	for _, folder := range []string{"/run/dbus", "/run/systemd/resolve"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "/etc/passwd", "root:x:0:0::/:/bin/sh\nsystemd-resolve:x:990:990::/:/bin/false\n")
	write(t, "/etc/group", "root:x:0:\nsystemd-resolve:x:990:\n")
	if err := os.MkdirAll("/etc/systemd", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, "/etc/systemd/resolved.conf", "[Resolve]\nFallbackDNS=\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\n")
	write(t, "/etc/nsswitch.conf", "hosts: files resolve [!UNAVAIL=return] dns\n")
	write(t, "/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n")
	os.Chown("/run/systemd/resolve", 990, 990)
	os.Remove(resolvConfPath)
	if err := os.Symlink("../run/systemd/resolve/stub-resolv.conf", resolvConfPath); err != nil {
		t.Fatal(err)
	}
	write(t, "/run/dbus/bus.conf", busConfiguration)
	startProcess(t, exec.Command("dbus-daemon", "--config-file=/run/dbus/bus.conf", "--nofork", "--nopidfile", "--nosyslog"), &syscall.SysProcAttr{})
	waitFor(t, "the bus", func() bool { _, err := os.Stat("/run/dbus/system_bus_socket"); return err == nil })
	process := start(t)
	bus := waitForResolved(t)
	defer bus.close()
	office := laptoptest.Index(t, laptoptest.Interface)
	gateway := netip.MustParseAddr(laptoptest.Gateway)
	if err := bus.setServers(int32(office), []linkServer{{unix.AF_INET, gateway.AsSlice()}}); err != nil {
		t.Fatal(err)
	}
	if err := bus.call("SetLinkDomains", int32(office), []linkDomain{{"corp.example", false}}); err != nil {
		t.Fatal(err)
	}
	made, file, err := tundev.Open(tundev.NewAlias(), 1420, []netip.Prefix{netip.MustParsePrefix("198.18.0.2/32")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return process, made.Index
}

func waitForResolved(t *testing.T) *resolved {
	t.Helper()
	var bus *resolved
	waitFor(t, "resolved", func() bool {
		var err error
		bus, err = connectResolved()
		return err == nil
	})
	return bus
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// settings reads back what resolved has for the link: "server domain ~domain".
func settings(t *testing.T, link int) string {
	t.Helper()
	bus := waitForResolved(t)
	defer bus.close()
	var servers []struct {
		Link, Family int32
		Address      []byte
	}
	var domains []struct {
		Link        int32
		Name        string
		RoutingOnly bool
	}
	if err := bus.property(bus.manager, resolvedInterface+".DNS", &servers); err != nil {
		t.Fatal(err)
	}
	if err := bus.property(bus.manager, resolvedInterface+".Domains", &domains); err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, server := range servers {
		if address, _ := netip.AddrFromSlice(server.Address); int(server.Link) == link {
			words = append(words, address.String())
		}
	}
	for _, domain := range domains {
		if int(domain.Link) == link {
			words = append(words, map[bool]string{true: "~", false: ""}[domain.RoutingOnly]+domain.Name)
		}
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

const wantedSettings = "198.18.0.3 svc.cluster.local webshop.svc.cluster.local ~cluster.local ~svc"

func TestResolvedTakesAndGivesBackTheLinksNames(t *testing.T) {
	for name, start := range resolvers(t) {
		t.Run(name, func(t *testing.T) {
			_, link := useResolved(t, start)
			before, err := os.Readlink(resolvConfPath)
			if err != nil {
				t.Fatal(err)
			}
			var entries []journal.Entry
			keeper := NewKeeper(func(entry journal.Entry) error { entries = append(entries, entry); return nil }, func() {})
			defer keeper.Forget()
			inForce, err := keeper.Set(link, wanted)
			if err != nil {
				t.Fatal(err)
			}
			if inForce.Mode != ModeResolved || strings.Join(inForce.Upstreams, " ") != laptoptest.Gateway ||
				strings.Join(inForce.Search, " ") != "webshop.svc.cluster.local svc.cluster.local corp.example" {
				t.Errorf("in force: %+v", inForce)
			}
			if got := settings(t, link); got != wantedSettings {
				t.Errorf("resolved has %q", got)
			}
			if len(entries) != 1 || entries[0].Resolved == nil || entries[0].Resolved.Index != link {
				t.Errorf("the journal has %+v", entries)
			}
			if after, err := os.Readlink(resolvConfPath); err != nil || after != before {
				t.Errorf("resolv.conf leads to %q, %v", after, err)
			}
			resolvers, err := keeper.Inspect()
			if err != nil || strings.Join(resolvers.Upstreams, " ") != laptoptest.Gateway || strings.Join(resolvers.Search, " ") != "corp.example" {
				t.Errorf("inspected %+v, %v", resolvers, err)
			}
			if err := UndoResolved(link); err != nil {
				t.Fatal(err)
			}
			if got := settings(t, link); got != "" {
				t.Errorf("resolved still has %q", got)
			}
		})
	}
}

func TestNamesComeBackAfterResolvedWasRestarted(t *testing.T) {
	for name, start := range resolvers(t) {
		t.Run(name, func(t *testing.T) {
			process, link := useResolved(t, start)
			restarted := make(chan struct{}, 8)
			keeper := NewKeeper(func(journal.Entry) error { return nil }, func() { restarted <- struct{}{} })
			defer keeper.Forget()
			if _, err := keeper.Set(link, wanted); err != nil {
				t.Fatal(err)
			}
			process.Process.Signal(syscall.SIGTERM)
			process.Wait()
			start(t)
			select {
			case <-restarted:
			case <-time.After(20 * time.Second):
				t.Fatal("the restart was not noticed")
			}
			if done, err := keeper.Again(true); !done || err != nil {
				t.Fatalf("%v %v", done, err)
			}
			if got := settings(t, link); got != wantedSettings {
				t.Errorf("resolved has %q", got)
			}
		})
	}
}

func TestResolvedOfAnotherNetworkNamespaceIsNotUsed(t *testing.T) {
	laptoptest.Reset(t)
	if err := os.Mkdir("/run/dbus", 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, "/run/dbus/bus.conf", busConfiguration)
	startProcess(t, exec.Command("dbus-daemon", "--config-file=/run/dbus/bus.conf", "--nofork", "--nopidfile", "--nosyslog"), &syscall.SysProcAttr{})
	waitFor(t, "the bus", func() bool { _, err := os.Stat("/run/dbus/system_bus_socket"); return err == nil })
	elsewhere := exec.Command(os.Args[0])
	elsewhere.Env = append(os.Environ(), "SLIPWAY_TEST_PART=resolved")
	startProcess(t, elsewhere, &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET})
	waitFor(t, "the stand-in", func() bool {
		_, err := connectResolved()
		return err != nil && strings.Contains(err.Error(), "another network namespace")
	})
	write(t, "/etc/nsswitch.conf", "hosts: files resolve dns\n")
	keeper := newKept()
	if inForce := keeper.set(t); inForce.Mode != ModeResolvConf {
		t.Errorf("in force: %+v", inForce)
	}
}

// A VPN's nameserver for its own names is asked for them alone, and must be kept clear of as the others are.
func TestNameserversForCertainNamesAreTold(t *testing.T) {
	for name, start := range resolvers(t) {
		t.Run(name, func(t *testing.T) {
			_, link := useResolved(t, start)
			laptoptest.Run(t, "ip", "tuntap", "add", "vpn0", "mode", "tun")
			defer laptoptest.Run(t, "ip", "link", "delete", "vpn0")
			laptoptest.Run(t, "ip", "address", "add", "192.168.200.2/24", "dev", "vpn0")
			laptoptest.Run(t, "ip", "link", "set", "vpn0", "up")
			bus, err := connectResolved()
			if err != nil {
				t.Fatal(err)
			}
			defer bus.close()
			vpn := laptoptest.Index(t, "vpn0")
			if err := bus.set(vpn, netip.MustParseAddr("10.244.0.53"), nil, []string{"vpn.example"}); err != nil {
				t.Fatal(err)
			}
			keeper := NewKeeper(func(journal.Entry) error { return nil }, func() {})
			defer keeper.Forget()
			if _, err := keeper.Set(link, wanted); err != nil {
				t.Fatal(err)
			}
			found, err := keeper.Inspect()
			if err != nil || !slices.Equal(found.Others, []string{"10.244.0.53"}) || !slices.Equal(found.Upstreams, []string{laptoptest.Gateway}) {
				t.Errorf("%+v %v", found, err)
			}
		})
	}
}

func TestNamesAreWithdrawnAndComeBack(t *testing.T) {
	for name, start := range resolvers(t) {
		t.Run(name, func(t *testing.T) {
			_, link := useResolved(t, start)
			keeper := NewKeeper(func(journal.Entry) error { return nil }, func() {})
			defer keeper.Forget()
			for range 2 {
				if _, err := keeper.Set(link, wanted); err != nil {
					t.Fatal(err)
				}
				if got := settings(t, link); got != wantedSettings {
					t.Errorf("resolved has %q", got)
				}
				if err := keeper.Withdraw(); err != nil {
					t.Error(err)
				}
				if got := settings(t, link); got != "" {
					t.Errorf("resolved still has %q", got)
				}
				if again, err := keeper.Again(true); again || err != nil {
					t.Errorf("names were put back: %v %v", again, err)
				}
			}
		})
	}
}
