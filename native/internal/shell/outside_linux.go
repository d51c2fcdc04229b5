package shell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// InsideArgument is how the program that calls Run is called again, in the namespaces: then it calls RunInside.
const InsideArgument = "shell-inside"

// Refusal says that this laptop lets no user make namespaces like these.
type Refusal struct {
	Because Restriction
	Detail  string // as the kernel put it
}

func (r *Refusal) Error() string { return fmt.Sprintf("no namespaces of a user's own: %s", r.Detail) }

// Run carries the plan out and returns the program's exit code, 128 and its number where a signal ended it. An error that
// the laptop is to blame for is a *Refusal. It must be called on the process's first goroutine, once.
func Run(plan Plan) (int, error) {
	runtime.LockOSThread() // the inside ends with the thread that started it
	// The command line that started this one may be killed; then it is as if it had been asked to end.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGTERM), 0, 0, 0); err != nil {
		return ExitFailed, fmt.Errorf("end with the command line: %w", err)
	}
	plan.User, plan.Group = os.Getuid(), os.Getgid()
	asked := make(chan os.Signal, 8)
	signal.Notify(asked, unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT)
	ours, theirs, err := pair()
	if err != nil {
		return ExitFailed, err
	}
	inside, err := startInside(theirs)
	theirs.Close()
	if err != nil {
		ours.Close()
		return ExitFailed, refusalOf(reasonOf("make namespaces", err))
	}
	link, err := newChannel(ours)
	if err != nil {
		return ExitFailed, err
	}
	defer link.conn.Close()
	go func() {
		for one := range asked {
			if one == unix.SIGTERM || one == unix.SIGHUP { // a terminal's go to all of its foreground by themselves
				_ = inside.Process.Signal(unix.SIGTERM)
			}
		}
	}()
	refused := make(chan error, 1)
	go func() { refused <- serve(link, plan) }()
	err = inside.Wait()
	link.conn.Close()
	if told := <-refused; told != nil {
		return ExitFailed, told
	}
	return exitCode(err)
}

func exitCode(err error) (int, error) {
	var exited *exec.ExitError
	if err == nil {
		return 0, nil
	}
	if !errors.As(err, &exited) {
		return ExitFailed, err
	}
	if status := exited.Sys().(syscall.WaitStatus); status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exited.ExitCode(), nil
}

func pair() (ours, theirs *os.File, err error) {
	descriptors, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a link to the namespace: %w", err)
	}
	for _, descriptor := range descriptors {
		_ = unix.SetsockoptInt(descriptor, unix.SOL_SOCKET, unix.SO_SNDBUF, largest)
	}
	return os.NewFile(uintptr(descriptors[0]), "link"), os.NewFile(uintptr(descriptors[1]), "link"), nil
}

func startInside(link *os.File) (*exec.Cmd, error) {
	inside := exec.Command("/proc/self/exe", InsideArgument)
	inside.Stdin, inside.Stdout, inside.Stderr = os.Stdin, os.Stdout, os.Stderr
	inside.ExtraFiles = []*os.File{link}
	inside.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   unix.SIGKILL, // and with the first of its process ids the kernel ends all of them
	}
	return inside, inside.Start()
}

// serve is the laptop's end for as long as the inside lives. It returns why there is no inside, nil where there was one.
func serve(link channel, plan Plan) error {
	if err := link.send(message{Plan: &plan}, nil); err != nil {
		return nil // it ended, and its exit code tells
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	loopback := newLoopback(link)
	defer loopback.close()
	for {
		heard, file, err := link.receive()
		switch {
		case err != nil:
			return nil
		case heard.Refused != nil:
			return refusalOf(heard.Refused)
		case heard.Link && file != nil:
			gateway, err := newOutward(file)
			if err != nil {
				file.Close()
				return err
			}
			defer gateway.close()
			go loopback.follow(ctx)
			if link.send(message{Ready: true}, nil) != nil {
				return nil
			}
		case heard.Port != 0 && file != nil:
			loopback.serve(heard.Port, file)
		}
	}
}
