// Package laptoptest gives tests a laptop of their own: a network and mount namespace with one LAN interface, an
// empty /run and /var/lib and a small /etc. It must never be linked into a program, and nothing it does reaches the
// machine that the tests run on.
package laptoptest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What the laptop has after Reset.
const (
	Gateway    = "192.168.77.1"
	Subnet     = "192.168.77.0/24"
	Interface  = "eth0"
	ResolvConf = "# made by the office\nnameserver 192.168.77.1\nnameserver 192.168.77.3\nsearch corp.example\noptions edns0\n"
)

const inside = "SLIPWAY_TEST_LAPTOP"

// Main runs the tests inside a fresh laptop; call it from TestMain. Without root, tests that call Reset are skipped.
func Main(tests *testing.M) {
	if os.Getuid() != 0 || os.Getenv(inside) != "" || fuzzing() {
		os.Exit(tests.Run())
	}
	again := exec.Command("/proc/self/exe", os.Args[1:]...)
	again.Args[0] = os.Args[0]
	again.Env = append(os.Environ(), inside+"=1")
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Unshareflags with CLONE_NEWNS makes all mounts private as well.
	again.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	err := again.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		os.Exit(ended.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "laptop for tests:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// fuzzing workers talk over inherited descriptors, and need no laptop.
func fuzzing() bool {
	for _, argument := range os.Args {
		if strings.HasPrefix(argument, "-test.fuzz") && !strings.HasPrefix(argument, "-test.fuzzcachedir") &&
			argument != "-test.fuzz=" && !strings.HasPrefix(argument, "-test.fuzztime") {
			return true
		}
	}
	return false
}

// Reset makes the laptop what it is at the start: whatever a test before did is gone.
func Reset(t *testing.T) {
	t.Helper()
	if os.Getenv(inside) == "" {
		fmt.Fprintf(os.Stderr, "\n*** %s NEEDS ROOT for its own network namespace and did not run ***\n\n", t.Name())
		t.Skip("needs root for its own network namespace")
	}
	for _, folder := range []string{"/etc", "/run", "/var/lib"} {
		for unix.Unmount(folder, unix.MNT_DETACH) == nil && mounted(folder) {
		}
		if err := unix.Mount("laptop", folder, "tmpfs", 0, "mode=755"); err != nil {
			t.Fatalf("mount %s: %v", folder, err)
		}
	}
	for name, content := range map[string]string{
		"resolv.conf": ResolvConf, "hosts": "127.0.0.1 localhost\n", "nsswitch.conf": "hosts: files dns\n",
		"passwd": "root:x:0:0::/:/bin/sh\n", "group": "root:x:0:\n",
	} {
		if err := os.WriteFile("/etc/"+name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_ = exec.Command("ip", "link", "delete", Interface).Run()
	for _, command := range []string{
		"link set lo up",
		"link add " + Interface + " type veth peer name lan0",
		// Kernel-made IPv6 addresses come when they like, and a snapshot must not depend on that.
		"link set lan0 addrgenmode none",
		"link set " + Interface + " addrgenmode none",
		"link set lan0 up",
		"link set " + Interface + " up",
		"address add 192.168.77.2/24 dev " + Interface,
		"route add default via " + Gateway + " dev " + Interface,
	} {
		Run(t, "ip", strings.Fields(command)...)
	}
	for strings.Count(Run(t, "ip", "-o", "link", "show", "up"), "state UP") < 2 {
		time.Sleep(time.Millisecond) // the kernel tells carriers a moment after the command; t's deadline ends this
	}
}

func mounted(folder string) bool {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	return err == nil && bytes.Contains(mounts, []byte(" / "+folder+" rw,relatime - tmpfs laptop "))
}

// Run runs a program and returns what it wrote; its failure is the test's.
func Run(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	output, err := exec.Command(name, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(arguments, " "), err, output)
	}
	return string(output)
}

// Index returns the index of an interface.
func Index(t *testing.T, name string) int {
	t.Helper()
	found, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return found.Index
}

// Snapshot describes everything that the helper could have changed: links, addresses, rules, all route tables, every
// file of /etc, and what is in its own folders.
func Snapshot(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, command := range []string{"-o link", "-o address", "route show table all", "-6 route show table all", "rule", "-6 rule"} {
		fmt.Fprintf(&text, "== ip %s\n%s", command, Run(t, "ip", strings.Fields(command)...))
	}
	for _, root := range []string{"/etc", "/run", "/var/lib"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := os.Lstat(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&text, "%s %s", path, info.Mode())
			if status, known := info.Sys().(*syscall.Stat_t); known {
				fmt.Fprintf(&text, " %d:%d", status.Uid, status.Gid)
			}
			switch {
			case info.Mode()&fs.ModeSymlink != 0:
				target, _ := os.Readlink(path)
				fmt.Fprintf(&text, " -> %s", target)
			case info.Mode().IsRegular():
				content, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				fmt.Fprintf(&text, " %x %s", sha256.Sum256(content), info.ModTime())
			}
			text.WriteByte('\n')
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// ExpectSnapshot compares the laptop with an earlier Snapshot, line by line.
func ExpectSnapshot(t *testing.T, before string) {
	t.Helper()
	after := Snapshot(t)
	if after == before {
		return
	}
	old, current := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range old {
		if !strings.Contains(after, line) {
			t.Errorf("missing: %s", line)
		}
	}
	for _, line := range current {
		if !strings.Contains(before, line) {
			t.Errorf("left over: %s", line)
		}
	}
	if !t.Failed() {
		t.Errorf("the laptop differs in order only:\n%s\n--\n%s", before, after)
	}
}
