package apiserver

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"slipway/native/internal/carrier"
	"slipway/native/internal/wire"
)

// BenchmarkClients prints throughput, processor seconds and task switches of each client against a real cluster, arms in turn and none always after the same:
//
//	SLIPWAY_MEASURE=SERVER,CERTIFICATES,NAMESPACE,POD,PORT go test -run ^$ -bench Clients -benchtime 1x -v ./internal/carrier/apiserver
//
// CERTIFICATES is a folder such as a sandbox has, the pod runs tests/bench/load. SLIPWAY_MEASURE_ROUNDS is 5, SLIPWAY_MEASURE_PROCESSES a part of the command lines whose
// processes count beside this one.
func BenchmarkClients(t *testing.B) {
	where := strings.Split(os.Getenv("SLIPWAY_MEASURE"), ",")
	if len(where) != 5 {
		t.Skip("SLIPWAY_MEASURE names no pod")
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(where[1], name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	cluster := wire.ClusterAddress{Server: where[0], CertificateAuthority: read("ca.crt")}
	credentials := wire.ClusterCredentials{ClientCertificate: read("admin.crt"), ClientKey: wire.Secret(read("admin.key"))}
	port, _ := strconv.Atoi(where[4])
	target := wire.AgentTarget{Namespace: where[2], Pod: where[3], Port: port}
	open := func(first protocol) *Carrier {
		made, err := open(cluster, func(context.Context, bool) (wire.ClusterCredentials, error) { return credentials, nil })
		if err != nil {
			t.Fatal(err)
		}
		made.passed.Store(int32(first))
		return made
	}
	arms := []arm{
		{"client-go WebSocket", clientGo{open(webSocket)}.Dial},
		{"client-go SPDY", func(ctx context.Context, target wire.AgentTarget) (carrier.Stream, error) {
			through := clientGo{open(plainSPDY)}
			return through.open(ctx, plainSPDY, target, credentials)
		}},
		{"own WebSocket", open(webSocket).Dial},
		{"own SPDY", open(plainSPDY).Dial},
	}
	arms = slices.DeleteFunc(arms, func(one arm) bool { return !strings.Contains(one.name, os.Getenv("SLIPWAY_MEASURE_ARM")) })
	rounds := 5
	if given, err := strconv.Atoi(os.Getenv("SLIPWAY_MEASURE_ROUNDS")); err == nil {
		rounds = given
	}
	for _, direction := range []byte{'u', 'd'} {
		figures := map[string][]measured{}
		for round := range rounds {
			for index := range arms {
				arm := arms[(index+round)%len(arms)] // what went before shows
				opened, err := arm.dial(context.Background(), target)
				if err != nil {
					t.Fatalf("%s: %v", arm.name, err)
				}
				if one := measure(opened, direction); one.seconds > 0 {
					figures[arm.name] = append(figures[arm.name], one)
				} else {
					t.Logf("%c %s stood still", direction, arm.name)
				}
				_ = opened.Close()
				time.Sleep(300 * time.Millisecond)
			}
		}
		for _, arm := range arms {
			found := figures[arm.name]
			if len(found) == 0 {
				continue
			}
			median := func(of func(measured) float64) string {
				values := make([]float64, 0, len(found))
				for _, one := range found {
					values = append(values, of(one))
				}
				slices.Sort(values)
				return fmt.Sprintf("%7.2f (%.2f–%.2f)", values[len(values)/2], values[0], values[len(values)-1])
			}
			t.Logf("%c %-20s %s Mbit/s, %s s/Gbit, ours %s, %s switches/MB", direction, arm.name,
				median(func(m measured) float64 { return m.megabits / m.seconds }),
				median(func(m measured) float64 { return m.processor / m.megabits * 1000 }),
				median(func(m measured) float64 { return m.own / m.megabits * 1000 }),
				median(func(m measured) float64 { return m.switches / m.megabits * 8 }))
		}
	}
}

type arm struct {
	name string
	dial func(context.Context, wire.AgentTarget) (carrier.Stream, error)
}

type measured struct{ megabits, seconds, processor, own, switches float64 }

// measure answers nothing where a stream stands still.
func measure(through io.ReadWriteCloser, direction byte) measured {
	defer time.AfterFunc(8*time.Second, func() { _ = through.Close() }).Stop()
	if _, err := through.Write([]byte{direction}); err != nil {
		return measured{}
	}
	chunk := make([]byte, 128<<10)
	move := through.Write
	if direction == 'd' {
		move = through.Read
	}
	moved, began, before := 0, time.Time{}, usage{}
	for start := time.Now(); ; {
		n, err := move(chunk)
		if err != nil {
			return measured{}
		}
		moved += n
		switch spent := time.Since(start); {
		case began.IsZero() && spent > 300*time.Millisecond:
			moved, began, before = 0, time.Now(), use()
		case spent > 1500*time.Millisecond:
			after := use()
			return measured{float64(moved) * 8 / 1e6, time.Since(began).Seconds(), after.all - before.all, after.own - before.own, after.switches - before.switches}
		}
	}
}

type usage struct{ all, own, switches float64 }

// use sums up proc_pid_stat(5) and, over tasks, the switches of proc_pid_status(5).
func use() (sum usage) {
	ours := strconv.Itoa(os.Getpid())
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, process := range processes {
		isOurs := filepath.Base(process) == ours
		line, _ := os.ReadFile(process + "/cmdline")
		part := os.Getenv("SLIPWAY_MEASURE_PROCESSES")
		if !isOurs && (part == "" || !strings.Contains(string(line), part)) && !strings.HasPrefix(string(line), "/load") {
			continue
		}
		stat, _ := os.ReadFile(process + "/stat")
		_, rest, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(rest); len(fields) > 12 {
			user, _ := strconv.ParseFloat(fields[11], 64)
			system, _ := strconv.ParseFloat(fields[12], 64)
			sum.all += (user + system) / 100
			if isOurs {
				sum.own += (user + system) / 100
			}
		}
		tasks, _ := filepath.Glob(process + "/task/*/status")
		for _, task := range tasks {
			text, _ := os.ReadFile(task)
			for line := range strings.Lines(string(text)) {
				if name, value, _ := strings.Cut(line, ":"); strings.HasSuffix(name, "voluntary_ctxt_switches") {
					count, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
					sum.switches += count
				}
			}
		}
	}
	return sum
}
