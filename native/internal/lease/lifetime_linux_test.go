package lease

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

// The descriptor must be what wireguard-go wants: a TUN that carries packets with their virtio header, nonblocking.
func TestDescriptorOfTheTunArrives(t *testing.T) {
	startServer(t, time.Minute)
	client := dial(t)
	if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	opened, handover, err := client.OpenTun(t.Context(), wire.OpenTunInput{MTU: 16000, Addresses: []string{"198.18.0.2/32"}})
	if err != nil {
		t.Fatal(err)
	}
	defer handover.Close()
	if opened.Interface != "slipway0" || opened.Index == 0 {
		t.Errorf("%+v", opened)
	}
	if _, err := client.SetRoutes(t.Context(), wire.RoutesInput{Ranges: wire.WantRouted("10.96.0.0/16")}); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("udp", "10.96.0.10:53")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if source := conn.LocalAddr().(*net.UDPAddr).IP.String(); source != "198.18.0.2" {
		t.Errorf("packets come from %s", source)
	}
	if _, err := conn.Write([]byte("through the tunnel")); err != nil {
		t.Fatal(err)
	}
	handover.file.SetReadDeadline(time.Now().Add(10 * time.Second)) // fails on a blocking descriptor
	packet := make([]byte, 65536)
	length, err := handover.file.Read(packet)
	const headers = 10 + 20 + 8 // struct virtio_net_hdr, IPv4, UDP
	if err != nil || length < headers || string(packet[headers:length]) != "through the tunnel" {
		t.Errorf("%q %v", packet[:max(length, 0)], err)
	}
}

func TestLeaseWithoutHeartbeatsIsTakenBack(t *testing.T) {
	startServer(t, 400*time.Millisecond)
	before := laptoptest.Snapshot(t)
	client := dial(t)
	if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	_, handover, err := client.OpenTun(t.Context(), wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.0.2/32"}})
	if err != nil {
		t.Fatal(err)
	}
	defer handover.Close()
	client.stopBeating()
	select {
	case <-client.Lost():
	case <-time.After(20 * time.Second):
		t.Fatal("the lease is still held")
	}
	expectCode(t, client.Err(), wire.CodeLeaseLost)
	waitUnleased(t)
	laptoptest.ExpectSnapshot(t, before)
}

func waitUnleased(t *testing.T) {
	t.Helper()
	doctor := dial(t)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		inspection, err := doctor.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !inspection.LeaseHeld {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the lease is still held")
		}
	}
}

func TestHeartbeatsKeepTheLease(t *testing.T) {
	startServer(t, 500*time.Millisecond)
	client := dial(t)
	if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-client.Lost():
		t.Fatal(client.Err())
	case <-time.After(1500 * time.Millisecond): // three times the lease's time
	}
	if _, err := client.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// A laptop's lid, kill -STOP, a debugger: both sides stop for longer than the lease lasts, and nothing is lost.
func TestBothStoppedAtOnceKeepTheLease(t *testing.T) {
	laptoptest.Reset(t)
	play := func(name string) (*exec.Cmd, *os.File) {
		command := exec.Command(os.Args[0], "1s")
		command.Env = append(os.Environ(), part+"="+name)
		command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		command.Stderr = t.Output()
		output, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		command.Stdout = writer
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		writer.Close()
		t.Cleanup(func() {
			command.Process.Kill()
			command.Wait()
		})
		return command, output
	}
	helper, _ := play("helper")
	for {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	engine, output := play("engine")
	line := make([]byte, 100)
	if length, err := output.Read(line); err != nil || string(line[:length]) != "acquired\n" {
		t.Fatalf("%q %v", line[:length], err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		engine.Process.Signal(signal)
		helper.Process.Signal(signal)
		time.Sleep(2 * time.Second)
	}
	output.SetReadDeadline(time.Now())
	if length, err := output.Read(line); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the engine says %q, %v", line[:length], err)
	}
	if inspection, err := dial(t).Inspect(t.Context()); err != nil || !inspection.LeaseHeld {
		t.Errorf("%+v %v", inspection, err)
	}
	helper.Process.Signal(syscall.SIGTERM)
	helper.Wait()
}

func TestChangesOfTheLaptopAreTold(t *testing.T) {
	startServer(t, time.Minute)
	client := dial(t)
	if _, err := client.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Fatal(err)
	}
	_, handover, err := client.OpenTun(t.Context(), wire.OpenTunInput{MTU: 1420, Addresses: []string{"198.18.0.2/32"}})
	if err != nil {
		t.Fatal(err)
	}
	defer handover.Close()
	if _, err := client.SetNames(t.Context(), wire.NamesInput{Resolver: "198.18.0.3", Search: []string{"svc.cluster.local"}}); err != nil {
		t.Fatal(err)
	}
	for quiet := time.After(800 * time.Millisecond); quiet != nil; { // what the helper did itself is no news of the laptop
		select {
		case event := <-client.Events():
			if event.Name != wire.EventNetworkTouched {
				t.Errorf("told: %+v", event)
			}
		case <-quiet:
			quiet = nil
		}
	}
	laptoptest.Run(t, "ip", "address", "add", "192.168.78.2/24", "dev", laptoptest.Interface)
	if event := nextEvent(t, client); event.Name != wire.EventHostChanged || !event.Host.LeaseHeld {
		t.Errorf("%+v", event)
	}
	// The LAN's DHCP client writes the file anew, as it does after a roam.
	pending := filepath.Join("/etc", "resolv.conf.dhcp")
	if err := os.WriteFile(pending, []byte("nameserver 192.168.78.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(pending, "/etc/resolv.conf"); err != nil {
		t.Fatal(err)
	}
	for {
		event := nextEvent(t, client)
		if len(event.Host.Upstreams) == 1 && event.Host.Upstreams[0] == "192.168.78.1" {
			break
		}
	}
	if content, _ := os.ReadFile("/etc/resolv.conf"); !strings.Contains(string(content), "nameserver 198.18.0.3\nsearch svc.cluster.local\nnameserver 192.168.78.1\n") {
		t.Errorf("names were not put in force again:\n%s", content)
	}
}

// nextEvent is the next that tells news of the laptop.
func nextEvent(t *testing.T, client *Client) Event {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case event := <-client.Events():
			if event.Name != wire.EventNetworkTouched {
				return event
			}
		case <-client.Lost():
			t.Fatal(client.Err())
		case <-deadline:
			t.Fatal("nothing was told")
		}
	}
}
