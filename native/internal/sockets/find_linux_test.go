package sockets

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// made is a procfs of our own.
type made struct {
	t    *testing.T
	root string
}

func makeProc(t *testing.T, tcp, tcp6 string) made {
	t.Helper()
	proc := made{t, t.TempDir()}
	proc.write("thread-self/net/tcp", heading+tcp)
	if tcp6 != "" {
		proc.write("thread-self/net/tcp6", heading+tcp6)
	}
	return proc
}

func (m made) write(path, text string) {
	m.t.Helper()
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m made) process(pid int, name, executable string, started uint64, sockets ...uint64) {
	m.t.Helper()
	folder := fmt.Sprint(pid)
	m.write(folder+"/comm", name+"\n")
	m.write(folder+"/stat", fmt.Sprintf("%d (%s) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %d 9 9\n", pid, name, started))
	m.link(folder+"/exe", executable)
	m.link(folder+"/fd/0", "/dev/null")
	m.link(folder+"/fd/1", "pipe:[77]")
	for index, inode := range sockets {
		m.link(fmt.Sprintf("%s/fd/%d", folder, index+3), fmt.Sprintf("socket:[%d]", inode))
	}
}

func (m made) link(path, target string) {
	m.t.Helper()
	path = filepath.Join(m.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		m.t.Fatal(err)
	}
}

func pairOf(port int) Pair {
	return Pair{netip.MustParseAddrPort(fmt.Sprintf("198.18.0.2:%d", port)), netip.MustParseAddrPort("10.96.0.1:443")}
}

func lineOf(pair Pair, uid uint32, inode uint64) string {
	return line(pair.Local, pair.Remote, uid, inode)
}

func set(pairs ...Pair) map[Pair]struct{} {
	wanted := map[Pair]struct{}{}
	for _, pair := range pairs {
		wanted[pair] = struct{}{}
	}
	return wanted
}

func TestAnOwnerIsFoundAsFarAsItMayBeSeen(t *testing.T) {
	java := pairOf(3)
	mapped := func(of netip.AddrPort) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom16(of.Addr().As16()), of.Port())
	}
	proc := makeProc(t,
		lineOf(pairOf(1), 4000001, 101)+lineOf(pairOf(2), 4000002, 102)+lineOf(pairOf(4), 4000001, 0)+lineOf(pairOf(6), 4000001, 106),
		line(mapped(java.Local), mapped(java.Remote), 4000001, 103))
	long := "/opt/" + strings.Repeat("x", 2*maxExecutable) + "/java"
	proc.process(70, "evil) R 1 (\u202ename", "/usr/bin/curl", 4711, 101, 106)
	proc.process(900, "java", long+" (deleted)", 4712, 103)
	finder := newFinder(proc.root)
	for range 2 { // the second time by what is remembered
		found := finder.Find(set(pairOf(1), pairOf(2), java, pairOf(4), pairOf(5), pairOf(6)))
		want := map[Pair]Owner{
			pairOf(1): {User: "4000001", PID: 70, Name: "evil) R 1 (\u202ename", Executable: "/usr/bin/curl", started: 4711},
			pairOf(6): {User: "4000001", PID: 70, Name: "evil) R 1 (\u202ename", Executable: "/usr/bin/curl", started: 4711},
			pairOf(2): {User: "4000002"}, // nobody who may be looked into holds it
			java:      {User: "4000001", PID: 900, Name: "java", Executable: long[len(long)-maxExecutable:], started: 4712},
		} // of 4 no process holds anything, and 5 is in another namespace
		if fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("found %v\nwant %v", found, want)
		}
	}
}

func TestANumberThatWasGivenAwayIsNotTheProcess(t *testing.T) {
	proc := makeProc(t, lineOf(pairOf(1), 0, 101), "")
	proc.process(70, "old", "/bin/old", 1, 101)
	finder := newFinder(proc.root)
	owner := finder.Find(set(pairOf(1)))[pairOf(1)]
	if owner.Name != "old" || !finder.Lives(&owner) {
		t.Fatalf("found %+v", owner)
	}
	if err := os.RemoveAll(filepath.Join(proc.root, "70")); err != nil {
		t.Fatal(err)
	}
	if finder.Lives(&owner) {
		t.Error("a process lives that is gone")
	}
	proc.process(70, "new", "/bin/new", 2)
	if finder.Lives(&owner) {
		t.Error("another process is taken for it")
	}
	if found := finder.Find(set(pairOf(1)))[pairOf(1)]; found.PID != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestWithoutAProcfsNothingIsFound(t *testing.T) {
	if found := newFinder(t.TempDir()).Find(set(pairOf(1))); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

// A child with a name of its own holds a connection to this process.
func TestAChildsConnectionIsItsOwn(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), "SLIPWAY_HOLD="+listener.Addr().String())
	child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		child.Process.Kill()
		child.Wait()
	}()
	listener.(*net.TCPListener).SetDeadline(time.Now().Add(time.Minute))
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	theirs := Pair{accepted.RemoteAddr().(*net.TCPAddr).AddrPort(), accepted.LocalAddr().(*net.TCPAddr).AddrPort()}
	ours := Pair{theirs.Remote, theirs.Local}
	finder := NewFinder()
	found := finder.Find(set(theirs, ours))
	name := filepath.Base(self)
	if owner := found[theirs]; owner.PID != child.Process.Pid || owner.Name != name[:min(len(name), 15)] ||
		owner.Executable != self || owner.User != finder.user(finder.own) || !finder.Lives(&owner) {
		t.Errorf("theirs is %+v of %+v", owner, found)
	}
	if owner := found[ours]; owner.PID != os.Getpid() {
		t.Errorf("ours is %+v", owner)
	}
}

// TestMain makes this program the child of another test, where that asks for it.
func TestMain(m *testing.M) {
	address := os.Getenv("SLIPWAY_HOLD")
	if address == "" {
		os.Exit(m.Run())
	}
	if _, err := net.Dial("tcp", address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	time.Sleep(time.Minute)
}

func BenchmarkFind(b *testing.B) {
	finder := NewFinder()
	for b.Loop() {
		finder.Find(set(pairOf(1)))
	}
}
