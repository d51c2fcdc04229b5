package main

import (
	"fmt"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// restartPause keeps a program that dies at once from filling the log and the processors.
const restartPause = time.Second

// killPause is how long a stopped program may take to end before it is killed.
const killPause = 5 * time.Second

// Program is one program that the space keeps running.
type Program struct {
	Name        string   `json:"name"`
	Arguments   []string `json:"arguments"`
	Environment []string `json:"environment"`
	Log         string   `json:"log"`
}

// ProgramStatus is what the space tells about a program. Pid is the machine's only
// where the space has no process namespace of its own.
type ProgramStatus struct {
	Name     string `json:"name"`
	Running  bool   `json:"running"`
	Pid      int    `json:"pid"`
	Starts   int    `json:"starts"`
	LastExit string `json:"lastExit"`
}

type entry struct {
	program  Program
	wanted   bool
	pid      int
	starts   int
	lastExit string
	gone     []chan<- Response // who waits for it to end
}

// supervisor owns its state alone: everything reaches it through `work`, and it
// forks on the main thread only.
type supervisor struct {
	work    chan func()
	entries map[string]*entry
	order   []string
}

func newSupervisor() *supervisor {
	return &supervisor{work: make(chan func(), 64), entries: map[string]*entry{}}
}

func (s *supervisor) loop() {
	children := make(chan os.Signal, 16)
	signal.Notify(children, syscall.SIGCHLD)
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGPIPE)
	for {
		select {
		case work := <-s.work:
			work()
		case <-children:
			s.reap()
		}
	}
}

// reap also takes the orphans of the space, whose parent this process becomes.
func (s *supervisor) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		for _, name := range s.order {
			if entry := s.entries[name]; entry.pid == pid {
				s.ended(entry, status)
			}
		}
	}
}

func (s *supervisor) ended(entry *entry, status unix.WaitStatus) {
	entry.pid = 0
	entry.lastExit = fmt.Sprintf("exit status %d", status.ExitStatus())
	if status.Signaled() {
		entry.lastExit = "signal " + unix.SignalName(status.Signal())
	}
	fmt.Printf("%s %s: %s\n", time.Now().Format(time.RFC3339), entry.program.Name, entry.lastExit)
	for _, waiter := range entry.gone {
		waiter <- Response{}
	}
	entry.gone = nil
	if entry.wanted {
		time.AfterFunc(restartPause, func() { s.work <- func() { s.ensure(entry) } })
	}
}

// ensure starts the program if it should run and does not.
func (s *supervisor) ensure(entry *entry) {
	if !entry.wanted || entry.pid != 0 {
		return
	}
	log, err := os.OpenFile(entry.program.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		s.failed(entry, err)
		return
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		s.failed(entry, err)
		return
	}
	defer null.Close()
	entry.pid, err = syscall.ForkExec(entry.program.Arguments[0], entry.program.Arguments, &syscall.ProcAttr{
		Dir:   "/",
		Env:   entry.program.Environment,
		Files: []uintptr{null.Fd(), log.Fd(), log.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	if err != nil {
		entry.pid = 0
		s.failed(entry, err)
		return
	}
	entry.starts++
}

func (s *supervisor) failed(entry *entry, err error) {
	entry.lastExit = err.Error()
	fmt.Printf("%s %s: %v\n", time.Now().Format(time.RFC3339), entry.program.Name, err)
	time.AfterFunc(restartPause, func() { s.work <- func() { s.ensure(entry) } })
}

// add takes programs over: new ones are started, changed ones are restarted.
func (s *supervisor) add(programs []Program) {
	for _, program := range programs {
		known := s.entries[program.Name]
		if known == nil {
			known = &entry{}
			s.entries[program.Name] = known
			s.order = append(s.order, program.Name)
		}
		changed := known.pid != 0 && !reflect.DeepEqual(known.program, program)
		known.program, known.wanted = program, true
		if changed {
			unix.Kill(known.pid, unix.SIGTERM)
		}
		s.ensure(known)
	}
}

// stop ends a program and keeps it ended; waiter hears when it is gone.
func (s *supervisor) stop(entry *entry, signal unix.Signal, waiter chan<- Response) {
	entry.wanted = false
	if entry.pid == 0 {
		waiter <- Response{}
		return
	}
	entry.gone = append(entry.gone, waiter)
	pid := entry.pid
	unix.Kill(pid, signal)
	time.AfterFunc(killPause, func() {
		s.work <- func() {
			if entry.pid == pid && !entry.wanted {
				unix.Kill(pid, unix.SIGKILL)
			}
		}
	})
}

func (s *supervisor) status() []ProgramStatus {
	statuses := make([]ProgramStatus, 0, len(s.order))
	for _, name := range s.order {
		entry := s.entries[name]
		statuses = append(statuses, ProgramStatus{
			Name: name, Running: entry.pid != 0, Pid: entry.pid, Starts: entry.starts, LastExit: entry.lastExit,
		})
	}
	return statuses
}
