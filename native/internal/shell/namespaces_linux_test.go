package shell

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// user is nobody's number on the machines that run this.
const user = 4007

// TestMain is also the program that is started in the namespaces.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == InsideArgument {
		os.Exit(RunInside())
	}
	if folder := os.Getenv("SLIPWAY_SHELL_TEST_FOLDER"); folder != "" {
		connect := []string{"sh", "-c", os.Getenv("SLIPWAY_SHELL_TEST_CONNECT")}
		code, err := Run(Plan{Connect: connect, Program: append([]string{"sh", "-c"}, os.Args[1:]...), Folder: folder})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// giveEverybodyTUN has a user's program find /dev/net/tun as udev makes it on desktops, for everybody. Machines of tests often keep it
// for root: then there is another node in its place, in the file tree of the calling thread and of what it starts.
func giveEverybodyTUN(t *testing.T, folder string) {
	t.Helper()
	information, err := os.Stat(tunDevice)
	if err != nil || information.Mode().Perm()&0o006 == 0o006 {
		return
	}
	runtime.LockOSThread() // and never unlocked: the thread ends with the test
	node := filepath.Join(folder, "tun")
	for _, step := range []func() error{
		func() error { return unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS) },
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mknod(node, unix.S_IFCHR, int(unix.Mkdev(10, 200))) },
		func() error { return os.Chmod(node, 0o666) },
		func() error { return unix.Mount(node, tunDevice, "", unix.MS_BIND, "") },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

// runAsUser has a shell run text in namespaces of an ordinary user.
func runAsUser(t *testing.T, text, connect string) (output string, code int) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NEEDS ROOT to become an ordinary user, and did not run")
	}
	folder, err := os.MkdirTemp("", "slipway-shell-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(folder, "program")
	if err := os.WriteFile(copied, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(folder, user, user); err != nil {
		t.Fatal(err)
	}
	giveEverybodyTUN(t, folder)
	command := exec.Command(copied, text)
	command.Dir = "/"
	command.Env = append(os.Environ(), "SLIPWAY_SHELL_TEST_FOLDER="+folder, "SLIPWAY_SHELL_TEST_CONNECT="+connect)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	told, err := command.CombinedOutput()
	if strings.Contains(string(told), "no namespaces of a user's own") {
		t.Skipf("NEEDS USER NAMESPACES and did not run: %s", told)
	}
	code, err = exitCode(err)
	if err != nil {
		t.Fatal(err)
	}
	return string(told), code
}

func TestAProgramIsItsUserInANetworkOfItsOwn(t *testing.T) {
	output, code := runAsUser(t, "id -u; id -g; cat /etc/resolv.conf; ls /proc/sys/net/ipv4/conf; touch /run/mine; exit 7", "id -u; touch /run/root")
	for _, line := range []string{"0\n", fmt.Sprintf("%d\n%d\n", user, user), "nameserver 192.0.0.1\n", "laptop\n"} {
		if !strings.Contains(output, line) {
			t.Errorf("%q is missing in %s", line, output)
		}
	}
	if code != 7 {
		t.Errorf("exit code %d", code)
	}
	for _, path := range []string{"/run/mine", "/run/root"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is outside, too", path)
		}
	}
}

func TestTheLaptopsOwnServersAnswerInside(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) { fmt.Fprint(writer, "of the laptop") })}
	go server.Serve(listener)
	defer server.Close()
	text := fmt.Sprintf("curl -sS -m 5 --retry 20 --retry-connrefused --retry-delay 1 http://%s/", listener.Addr())
	if output, code := runAsUser(t, text, "true"); code != 0 || !strings.HasSuffix(output, "of the laptop") {
		t.Errorf("%d %s", code, output)
	}
}

func TestWhatCannotConnectRunsNothing(t *testing.T) {
	if output, code := runAsUser(t, "echo ran", "exit 4"); code != 4 || strings.Contains(output, "ran") {
		t.Errorf("%d %s", code, output)
	}
}

func TestHowAProgramEndedIsPassedOn(t *testing.T) {
	for text, want := range map[string]int{"kill -KILL $$": 137, "kill -TERM $$": 143, "exec /no/such/program": 127, "true": 0} {
		if output, code := runAsUser(t, text, "true"); code != want {
			t.Errorf("%s: %d, not %d: %s", text, code, want, output)
		}
	}
}

// What a program leaves in the background ends with it.
func TestNothingOutlivesTheProgram(t *testing.T) {
	if _, code := runAsUser(t, "exec 0<&- >/dev/null 2>&1; setsid sleep 4007.5 & exit 0", "true"); code != 0 {
		t.Errorf("exit code %d", code)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range processes {
		if content, err := os.ReadFile(file); err == nil && strings.Contains(string(content), "4007.5") {
			t.Errorf("%s lives", file)
		}
	}
}
