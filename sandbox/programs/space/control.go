package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Request is one command: add (Programs), stop (Name, Kill), start (Name) or status.
type Request struct {
	Do       string    `json:"do"`
	Programs []Program `json:"programs,omitempty"`
	Name     string    `json:"name,omitempty"`
	Kill     bool      `json:"kill,omitempty"`
}

// Response answers one Request.
type Response struct {
	Error    string          `json:"error,omitempty"`
	Programs []ProgramStatus `json:"programs,omitempty"`
}

// listen takes commands from a Unix socket that only this user can open.
func (s *supervisor) listen(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove old control socket: %w", err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listen for commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("close control socket to others: %w", err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(connection)
		}
	}()
	return nil
}

func (s *supervisor) serve(connection net.Conn) {
	defer connection.Close()
	var request Request
	if err := json.NewDecoder(connection).Decode(&request); err != nil {
		return
	}
	answer := make(chan Response, 1)
	s.work <- func() { s.handle(request, answer) }
	json.NewEncoder(connection).Encode(<-answer)
}

func (s *supervisor) handle(request Request, answer chan<- Response) {
	switch request.Do {
	case "add":
		s.add(request.Programs)
		answer <- Response{Programs: s.status()}
	case "status":
		answer <- Response{Programs: s.status()}
	case "stop", "start":
		entry := s.entries[request.Name]
		switch {
		case entry == nil:
			answer <- Response{Error: fmt.Sprintf("no program %q here", request.Name)}
		case request.Do == "start":
			entry.wanted = true
			s.ensure(entry)
			answer <- Response{Programs: s.status()}
		case request.Kill:
			s.stop(entry, unix.SIGKILL, answer)
		default:
			s.stop(entry, unix.SIGTERM, answer)
		}
	default:
		answer <- Response{Error: fmt.Sprintf("unknown request %q", request.Do)}
	}
}

// send is the other end of the socket, for a person at a terminal.
func send(path, request string) error {
	connection, err := net.Dial("unix", path)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, request); err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, connection)
	return err
}
