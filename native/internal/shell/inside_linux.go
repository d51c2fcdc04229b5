package shell

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// linkDescriptor is where the inside finds its end of the channel.
const linkDescriptor = 3

// endsWithin is how long a program may take to end once it was asked to.
const endsWithin = 5 * time.Second

// RunInside is the first process of the namespaces; it returns the exit code of the program.
func RunInside() int {
	unix.CloseOnExec(linkDescriptor)
	asked := make(chan os.Signal, 8)
	signal.Notify(asked, unix.SIGTERM, unix.SIGHUP)
	// Those of a terminal are the program's; a handler, unlike an ignored signal, is not handed down.
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGQUIT)
	link, err := newChannel(os.NewFile(linkDescriptor, "link"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitFailed
	}
	plan, step, err := prepare(link)
	if err != nil {
		if link.send(message{Refused: reasonOf(step, err)}, nil) != nil {
			fmt.Fprintln(os.Stderr, step, err)
		}
		return ExitFailed
	}
	go openPorts(link)
	return newFamily(asked).carryOut(plan)
}

// prepare makes root and network. The working folder stays the one that it was.
func prepare(link channel) (plan Plan, step string, err error) {
	heard, _, err := link.receive()
	if err != nil || heard.Plan == nil {
		return plan, "read the plan", errors.Join(err, errors.New("there is no plan"))
	}
	plan = *heard.Plan
	folder, err := os.Getwd()
	if err != nil {
		folder = "/"
	}
	tun, step, err := makeNetwork()
	if err != nil {
		return plan, step, err
	}
	if err := enterRoot(filepath.Join(plan.Folder, "root")); err != nil {
		return plan, "make the root folder", err
	}
	if err := os.Chdir(folder); err != nil {
		return plan, "return to " + folder, err
	}
	if err := link.send(message{Link: true}, tun); err != nil {
		return plan, "hand over the link", err
	}
	tun.Close()
	if heard, _, err = link.receive(); err != nil || !heard.Ready {
		return plan, "reach the laptop", errors.Join(err, errors.New("it is not ready"))
	}
	return plan, "", nil
}

// openPorts listens on the ports that the laptop's end names. One that a program here has already stays that program's.
func openPorts(link channel) {
	for {
		heard, _, err := link.receive()
		if err != nil {
			return
		}
		for _, port := range heard.Ports {
			listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
			if err != nil {
				continue
			}
			if file, err := listener.(*net.TCPListener).File(); err == nil {
				_ = link.send(message{Port: port}, file)
				file.Close()
			}
			listener.Close()
		}
	}
}

// family reaps all processes that have no other parent, as the first process must (pid_namespaces(7)).
type family struct {
	asked   <-chan os.Signal
	mu      sync.Mutex // held while one is started, so that none ends before it is known
	waiting map[int]chan unix.WaitStatus
}

func newFamily(asked <-chan os.Signal) *family {
	f := &family{asked: asked, waiting: map[int]chan unix.WaitStatus{}}
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	go func() {
		for range children {
			f.reap()
		}
	}()
	return f
}

func (f *family) reap() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		var status unix.WaitStatus
		process, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || process <= 0 {
			return
		}
		if ended, isKnown := f.waiting[process]; isKnown {
			ended <- status
			delete(f.waiting, process)
		}
	}
}

func (f *family) carryOut(plan Plan) int {
	if code := f.run(plan.Connect, nil); code != 0 {
		return code
	}
	code := f.run(plan.Program, asUser(plan))
	f.run(plan.Disconnect, nil)
	return code
}

// asUser gives a program the number of its user again, and no right over the namespaces.
func asUser(plan Plan) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: plan.User, HostID: 0, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: plan.Group, HostID: 0, Size: 1}},
	}
}

// run starts one program and waits for it. One that was asked to end and does not is killed.
func (f *family) run(words []string, attributes *syscall.SysProcAttr) int {
	if len(words) == 0 {
		return 0
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", words[0], errors.Unwrap(err))
		return 127
	}
	f.mu.Lock()
	process, err := os.StartProcess(program, words, &os.ProcAttr{
		Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Sys: attributes,
	})
	if err != nil {
		f.mu.Unlock()
		fmt.Fprintln(os.Stderr, err)
		return 126
	}
	ended := make(chan unix.WaitStatus, 1)
	f.waiting[process.Pid] = ended
	f.mu.Unlock()
	asked, deadline := f.asked, (<-chan time.Time)(nil)
	for {
		select {
		case status := <-ended:
			if status.Signaled() {
				return 128 + int(status.Signal())
			}
			return status.ExitStatus()
		case <-asked:
			_ = unix.Kill(process.Pid, unix.SIGTERM)
			_ = unix.Kill(process.Pid, unix.SIGHUP) // a shell at a terminal hears only this one
			asked, deadline = nil, time.After(endsWithin)
		case <-deadline:
			_ = unix.Kill(process.Pid, unix.SIGKILL)
		}
	}
}
