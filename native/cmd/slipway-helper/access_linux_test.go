package main

import (
	"encoding/json"
	"fmt"
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

func TestOnlyTheServedUsersEngineIsServed(t *testing.T) {
	laptoptest.Reset(t)
	const user, stranger = 4001, 4002
	copyPrograms(t, "/run/installed")
	helper := start(t, "/run/installed/slipway-helper", "--user", fmt.Sprint(user))
	dial(t, helper).Close()
	for _, asked := range []struct {
		program string
		uid     uint32
		served  bool
	}{
		{"slipway-engine", user, true},
		{"slipway-helper", user, false},
		{"something-else", user, false}, // it may ask, as the core and doctor do
		{"slipway-engine", stranger, false},
		{"something-else", stranger, false},
		{"something-else", 0, true}, // root needs no helper to change the network
	} {
		output := askAs("/run/installed/"+asked.program, helper.socket, asked.uid)
		if served := strings.Contains(output, "served"); served != asked.served {
			t.Errorf("%s of user %d: %s", asked.program, asked.uid, output)
		}
		if answered := strings.Contains(output, "answered"); answered != (asked.uid != stranger) {
			t.Errorf("%s of user %d asks: %s", asked.program, asked.uid, output)
		}
		if !asked.served && !strings.Contains(output, wire.CodeHelperRefused) {
			t.Errorf("%s of user %d is not told why: %s", asked.program, asked.uid, output)
		}
	}
}

// In namespaces of their own a user is root, and has any program at the engine's path. The kernel's word on who they are
// and which file they run does not change by that. The helper's root has no number there, and looks like nobody (65534).
func TestNamespacesOfAUsersOwnChangeNothing(t *testing.T) {
	laptoptest.Reset(t)
	const user, stranger = 4001, 4002
	copyPrograms(t, "/run/installed")
	helper := start(t, "/run/installed/slipway-helper", "--user", fmt.Sprint(user))
	dial(t, helper).Close()
	inNamespaces := func(uid int, script string) string {
		command := exec.Command("setpriv", fmt.Sprint("--reuid=", uid), fmt.Sprint("--regid=", uid), "--clear-groups",
			"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", helper.socket)
		command.Env = append(os.Environ(), part+"=client")
		output, _ := command.CombinedOutput()
		return string(output)
	}
	if output := inNamespaces(user, "id -u"); output != "0\n" {
		t.Skipf("NEEDS USER NAMESPACES and did not run: %s", output)
	}
	const engine, other = "/run/installed/slipway-engine", "/run/installed/something-else"
	for name, asked := range map[string]struct {
		uid              int
		script           string
		answered, served bool
	}{
		"the engine, as root of a namespace":   {user, `exec ` + engine + ` "$1" 65534`, true, true},
		"another program at the engine's path": {user, `mount --bind ` + other + ` ` + engine + ` && exec ` + engine + ` "$1" 65534`, true, false},
		"a stranger, as root of a namespace":   {stranger, `exec ` + engine + ` "$1" 65534`, false, false},
	} {
		output := inNamespaces(asked.uid, asked.script)
		if strings.Contains(output, "answered") != asked.answered || strings.Contains(output, "served\n") != asked.served {
			t.Errorf("%s: %s", name, output)
		}
	}
}

func copyPrograms(t *testing.T, folder string) {
	t.Helper()
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"slipway-helper", "slipway-engine", "something-else"} {
		if err := os.WriteFile(filepath.Join(folder, name), program, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// askAs runs the program as a client of another user and returns what it says.
func askAs(program, socket string, uid uint32) string {
	command := exec.Command(program, socket)
	command.Env = append(os.Environ(), part+"=client")
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	output, _ := command.CombinedOutput()
	return string(output)
}

func TestSecondHelperOfTheSameUserIsRefused(t *testing.T) {
	laptoptest.Reset(t)
	dial(t, start(t, os.Args[0], "--user", "0")).Close()
	output, err := asHelper("serve --user 0", "").CombinedOutput()
	if err == nil || !strings.Contains(string(output), "another helper") {
		t.Errorf("%v %s", err, output)
	}
}

func TestSecondUserCannotTakeTheLaptopMeanwhile(t *testing.T) {
	laptoptest.Reset(t)
	first := dial(t, start(t, os.Args[0], "--user", "0"))
	second := dial(t, start(t, os.Args[0], "--user", "4001"))
	connectSteps(t, first, 1)
	_, err := second.Acquire(t.Context(), wire.AcquireInput{})
	if err == nil || !strings.HasPrefix(err.Error(), wire.CodeHelperBusy) {
		t.Errorf("acquire of the second user: %v", err)
	}
	if _, err := first.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Acquire(t.Context(), wire.AcquireInput{}); err != nil {
		t.Error(err)
	}
}

func TestHelperEndsWhenIdle(t *testing.T) {
	laptoptest.Reset(t)
	helper := start(t, os.Args[0], "--user", "0", "--exit-when-idle", "1")
	dial(t, helper).Close()
	select {
	case <-helper.ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it still runs")
	}
}

func TestInspectChangesNothing(t *testing.T) {
	laptoptest.Reset(t)
	before := laptoptest.Snapshot(t)
	output, err := asHelper("inspect", "").Output()
	var inspection wire.HostInspection
	if err != nil || json.Unmarshal(output, &inspection) != nil || inspection.ResolverMode != "resolv-conf" {
		t.Errorf("%v %s", err, output)
	}
	laptoptest.ExpectSnapshot(t, before)
}

// In a clone anybody may have built the programs; then the folder is all that can be asked for.
func TestCloneServesTheProgramsBesideTheHelper(t *testing.T) {
	laptoptest.Reset(t)
	const user = 4001
	for _, folder := range []string{"/run/clone", "/run/elsewhere"} {
		copyPrograms(t, folder)
		if err := os.Chown(folder, user, user); err != nil {
			t.Fatal(err)
		}
	}
	helper := start(t, "/run/clone/slipway-helper", "--user", fmt.Sprint(user))
	dial(t, helper).Close()
	for program, served := range map[string]bool{
		"/run/clone/slipway-engine": true, "/run/clone/something-else": true, "/run/elsewhere/slipway-engine": false,
	} {
		if output := askAs(program, helper.socket, user); strings.Contains(output, "served") != served {
			t.Errorf("%s: %s", program, output)
		}
	}
}

// The design's promise about the only root process: it must not be able to do more than it is for.
func TestHelperLinksNoForeignWorlds(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", "slipway/native/cmd/slipway-helper").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(output)) {
		name := strings.TrimSpace(line)
		for _, forbidden := range []string{"k8s.io/", "sigs.k8s.io/", "gvisor.dev/", "golang.zx2c4.com/", "crypto/tls", "crypto/x509", "net/http", "plugin"} {
			if name == strings.TrimSuffix(forbidden, "/") || strings.HasPrefix(name, forbidden) {
				t.Errorf("the helper links %s", name)
			}
		}
	}
}
