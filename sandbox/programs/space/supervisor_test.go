package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The supervisor runs here without any namespace. One test only: it takes every
// end of a child of this process.
func TestSupervisorRestartsStopsAndReports(t *testing.T) {
	folder := t.TempDir()
	socket := filepath.Join(folder, "s")
	s := newSupervisor()
	if err := s.listen(socket); err != nil {
		t.Fatal(err)
	}
	go s.loop()

	once := Program{Name: "once", Arguments: []string{"/bin/sh", "-c", "echo ran"}, Log: filepath.Join(folder, "once")}
	long := Program{Name: "long", Arguments: []string{"/bin/sleep", "600"}, Log: filepath.Join(folder, "long")}
	missing := Program{Name: "missing", Arguments: []string{"/nowhere"}, Log: filepath.Join(folder, "missing")}
	ask(t, socket, Request{Do: "add", Programs: []Program{once, long, missing}})
	waitFor(t, "a second start of what ended", func() bool { return status(t, socket, "once").Starts >= 2 })
	waitFor(t, "the cause of what cannot start", func() bool {
		return strings.Contains(status(t, socket, "missing").LastExit, "no such file")
	})

	before := status(t, socket, "long")
	ask(t, socket, Request{Do: "add", Programs: []Program{long}})
	if after := status(t, socket, "long"); after.Pid != before.Pid {
		t.Errorf("an unchanged program was restarted")
	}
	ask(t, socket, Request{Do: "stop", Name: "long"})
	if now := status(t, socket, "long"); now.Running {
		t.Errorf("long runs after stop: %+v", now)
	}
	ask(t, socket, Request{Do: "start", Name: "long"})
	if now := status(t, socket, "long"); !now.Running || now.Pid == before.Pid {
		t.Errorf("long does not run anew after start: %+v", now)
	}
	for _, name := range []string{"long", "once", "missing"} {
		ask(t, socket, Request{Do: "stop", Name: name, Kill: true})
	}
	if answer := ask(t, socket, Request{Do: "stop", Name: "unheard"}); answer.Error == "" {
		t.Error("stop of an unknown program is no error")
	}
	if text, err := os.ReadFile(once.Log); err != nil || !strings.HasPrefix(string(text), "ran\nran\n") {
		t.Errorf("log is %q, %v", text, err)
	}
}

func ask(t *testing.T, socket string, request Request) Response {
	t.Helper()
	connection, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	var response Response
	if err := json.NewEncoder(connection).Encode(request); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(connection).Decode(&response); err != nil {
		t.Fatal(err)
	}
	return response
}

func status(t *testing.T, socket, name string) ProgramStatus {
	t.Helper()
	for _, one := range ask(t, socket, Request{Do: "status"}).Programs {
		if one.Name == name {
			return one
		}
	}
	t.Fatalf("no program %s", name)
	return ProgramStatus{}
}

func waitFor(t *testing.T, what string, probe func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if probe() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}
