package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/lease"
)

// "Start the helper" is what a user is let do; whatever else a command line or environment says must not be done.
func TestWhoMayStartTheHelperMayNotBeRoot(t *testing.T) {
	pkexec, sudo := "PKEXEC_UID=4001", "SUDO_UID=4001"
	for _, asked := range []struct {
		name, environment, command string
		refusal                    string
	}{
		{"a folder of journals", pkexec, "serve --user 4001 --state-directory /run/mine", "not defined"},
		{"a folder of journals to clean", pkexec, "clean --state-directory /run/mine", "not defined"},
		{"a folder of sockets", pkexec, "serve --user 4001 --runtime-directory /run/mine", "not defined"},
		{"a folder, as root", "", "serve --user 0 --state-directory /run/mine", "not defined"},
		{"another user", pkexec, "serve --user 4002", "may not have it serve user 4002"},
		{"root", pkexec, "serve --user 0", "may not have it serve user 0"},
		{"another user through sudo", sudo, "serve --user 4002", "may not have it serve user 4002"},
		{"another user's leftovers", pkexec, "clean --user 4002", "may not have it serve user 4002"},
		{"another command", pkexec, "inspect --user 4001", "serve and clean only"},
		{"a command that does not exist", pkexec, "run --user 4001", "usage"},
		{"a caller that is no number", "PKEXEC_UID=root", "serve --user 4001", "names no user"},
		{"a caller without a number", "PKEXEC_UID=", "serve --user 4001", "names no user"},
		{"a caller of 64 bits", "PKEXEC_UID=4294967296", "serve --user 0", "names no user"},
		{"more arguments", pkexec, "serve --user 4001 /run/mine", "unexpected"},
		{"a user out of range", pkexec, "serve --user 4294971297", "takes a number"},
	} {
		t.Run(asked.name, func(t *testing.T) {
			laptoptest.Reset(t)
			before := laptoptest.Snapshot(t)
			output, err := asHelper(asked.command, asked.environment).CombinedOutput()
			if err == nil || !strings.Contains(string(output), asked.refusal) {
				t.Errorf("%v %s", err, output)
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}

// The two commands are there for whom they are meant.
func TestWhoStartsTheHelperIsServed(t *testing.T) {
	for _, caller := range []string{"PKEXEC_UID=4001", "SUDO_UID=4001", "SUDO_UID=0"} {
		laptoptest.Reset(t)
		before := laptoptest.Snapshot(t)
		helper := start(t, os.Args[0], "--user", "4001", "--environment", caller)
		dial(t, helper).Close()
		helper.end(syscall.SIGTERM)
		for _, command := range []string{"clean", "clean --user 4001"} {
			if output, err := asHelper(command, caller).CombinedOutput(); err != nil {
				t.Errorf("%s: %v %s", command, err, output)
			}
		}
		laptoptest.ExpectSnapshot(t, before)
	}
}

func asHelper(arguments, environment string) *exec.Cmd {
	command := exec.Command(os.Args[0], strings.Fields(arguments)...)
	command.Env = append(withoutCaller(), part+"=helper", environment)
	return command
}

// withoutCaller is this test's environment, which may be one of sudo's.
func withoutCaller() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "PKEXEC_UID=") || strings.HasPrefix(entry, "SUDO_UID=")
	})
}

// The helper as it is built: what the one who starts it hands down steers nothing.
func TestNothingThatWasHandedDownReachesTheHelper(t *testing.T) {
	laptoptest.Reset(t)
	program := "/run/slipway-helper"
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	mine := t.TempDir()
	command := exec.Command("sh", "-c", "umask 000; ulimit -S -f 1; exec "+program+" serve --user 4001")
	command.Dir, command.Stderr = mine, t.Output()
	command.Env = []string{
		"PKEXEC_UID=4001", "PATH=" + mine, "LD_PRELOAD=" + mine + "/evil.so", "GODEBUG=netdns=cgo,gctrace=1", "GOTRACEBACK=crash",
		"DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + mine + "/bus", "HOME=" + mine, "TMPDIR=" + mine, "HTTPS_PROXY=http://evil.example",
	}
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		command.Process.Signal(syscall.SIGTERM)
		command.Wait()
	}()
	helper := &process{command: command, socket: lease.SocketPath("/run/slipway", 4001), ended: make(chan struct{})}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(helper.socket); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it does not listen")
		}
	}
	own := fmt.Sprintf("/proc/%d", command.Process.Pid)
	environment, err := os.ReadFile(own + "/environ")
	if err != nil || string(environment) != "PKEXEC_UID=4001\x00" {
		t.Errorf("environment %q %v", environment, err)
	}
	if folder, err := os.Readlink(own + "/cwd"); err != nil || folder != "/" {
		t.Errorf("it works in %s, %v", folder, err)
	}
	if name, err := os.ReadFile(own + "/comm"); err != nil || string(name) != "slipway-helper\n" {
		t.Errorf("it is called %q, %v", name, err) // pkill(1) finds it by that
	}
	status, err := os.ReadFile(own + "/status")
	if err != nil || !strings.Contains(string(status), "Umask:\t0077\n") {
		t.Errorf("umask: %v\n%s", err, status)
	}
	limits, err := os.ReadFile(own + "/limits")
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(limits)), " "), "Max file size unlimited unlimited") {
		t.Errorf("limits: %v\n%s", err, limits)
	}
	if left, err := filepath.Glob(mine + "/*"); err != nil || len(left) > 0 {
		t.Errorf("left in the caller's folder: %v %v", left, err)
	}
}
