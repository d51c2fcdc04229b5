// Command space is the first process of one of the sandbox's spaces: the LAN, the
// control plane, a node, a laptop. It makes the namespaces and the file tree,
// then starts and restarts the programs that it is told to run there.
//
// The namespaces have no names and no mounts on the machine: they live as long
// as this process, so killing it leaves nothing. It must never change anything
// outside of its own namespaces, but for the log files that it is told to write.
//
//	space start DEFINITION    starts one, prints {"pid":…} when it is ready
//	space send SOCKET REQUEST sends one request to it and prints the answer
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func main() {
	// Children die with the thread that started them (PR_SET_PDEATHSIG, prctl(2)),
	// so they are all started by the main thread, which lives as long as the process.
	runtime.LockOSThread()
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "start":
		err = start(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "run":
		err = run(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "send":
		err = send(os.Args[2], os.Args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: space start DEFINITION | space send SOCKET REQUEST")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "space:", err)
		os.Exit(1)
	}
}

// start clones the first process into its namespaces and waits until it is ready.
func start(path string) error {
	definition, err := readDefinition(path)
	if err != nil {
		return err
	}
	log, err := os.OpenFile(definition.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	command := exec.Command("/proc/self/exe", "run", path)
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = []*os.File{writer}
	command.Dir = "/"
	flags := unix.CLONE_NEWNET | unix.CLONE_NEWNS
	if definition.ProcessNamespace {
		flags |= unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	}
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: uintptr(flags), Setsid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("make namespaces: %w", err)
	}
	writer.Close()
	answer, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		return fmt.Errorf("space %s ended before it was ready, see %s", definition.Name, definition.Log)
	}
	if answer = strings.TrimSpace(answer); answer != "ready" {
		return fmt.Errorf("space %s: %s", definition.Name, answer)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]int{"pid": command.Process.Pid})
}

// run is what the first process does; descriptor 3 takes "ready" or what went wrong.
func run(path string) error {
	report := os.NewFile(3, "report")
	syscall.CloseOnExec(3)
	supervisor, err := prepare(path)
	if err != nil {
		fmt.Fprintln(report, err)
		return err
	}
	fmt.Fprintln(report, "ready")
	report.Close()
	supervisor.loop()
	return nil
}

func prepare(path string) (*supervisor, error) {
	definition, err := readDefinition(path)
	if err != nil {
		return nil, err
	}
	for _, folder := range definition.CgroupFolders {
		// "0" stands for the writing process (cgroups(7)).
		if err := os.WriteFile(folder+"/cgroup.procs", []byte("0"), 0); err != nil {
			return nil, fmt.Errorf("enter cgroup: %w", err)
		}
	}
	if err := buildTree(definition); err != nil {
		return nil, err
	}
	for name, value := range definition.Settings {
		if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	if err := raiseLoopback(); err != nil {
		return nil, fmt.Errorf("raise lo: %w", err)
	}
	supervisor := newSupervisor()
	if err := supervisor.listen(definition.ControlSocket); err != nil {
		return nil, err
	}
	return supervisor, nil
}

func raiseLoopback() error {
	descriptor, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(descriptor)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(descriptor, unix.SIOCSIFFLAGS, request)
}
