// Command slipway-engine carries packets for one core, which starts it and speaks to it over its standard input and
// output; package engine says what it does. It takes no arguments: what it must know, secrets among it, comes over
// its input. Its log goes to standard error; SLIPWAY_ENGINE_LOG=debug makes it talk. "slipway-engine exec" is another program:
// it runs one program in a pod over SPDY for the core (wire/exec.go); so is "slipway-engine shell", which the command line starts.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"slipway/native/internal/build"
	"slipway/native/internal/carrier"
	"slipway/native/internal/carrier/apiserver"
	"slipway/native/internal/carrier/direct"
	"slipway/native/internal/engine"
	"slipway/native/internal/processors"
	"slipway/native/internal/vitals"
	"slipway/native/internal/wire"
)

func main() {
	if len(os.Args) > 1 {
		if os.Args[1] == "--version" {
			fmt.Println(build.ID)
			return
		}
		if os.Args[1] == "exec" {
			runExec()
			return
		}
		runShell(os.Args[1])
		fmt.Fprintln(os.Stderr, "slipway-engine takes no arguments; the core starts it")
		os.Exit(2)
	}
	// A core that is gone must not end us by a signal before everything is undone.
	signal.Ignore(syscall.SIGPIPE)
	engine.Tune()
	level := slog.LevelInfo
	if os.Getenv("SLIPWAY_ENGINE_LOG") == "debug" {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	go processors.Follow(ctx.Done())
	defer vitals.OnSignal(log)()
	config := engine.Config{
		Build:      build.ID,
		Log:        log,
		DialHelper: engine.DialLease(build.ID),
		Carriers:   []carrier.New{apiserver.New},
		Direct:     direct.New,
		Kernel:     engine.NewKernel(),
	}
	if err := engine.Run(ctx, config, os.Stdin, os.Stdout); err != nil {
		log.Error("the engine ends", "error", err)
		os.Exit(1)
	}
}

// runExec ends with its standard input, so it never outlives the core.
func runExec() {
	var command wire.ExecCommand
	body, err := wire.ReadFrame(os.Stdin, wire.MaxEngineFrame)
	if err == nil {
		err = json.Unmarshal(body, &command)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "slipway-engine exec: what to run cannot be read")
		os.Exit(2)
	}
	apiserver.Exec(context.Background(), command, os.Stdin, func(event wire.ExecEvent) {
		if wire.WriteFrame(os.Stdout, event, wire.MaxEngineFrame) != nil {
			os.Exit(1) // nobody listens
		}
	})
}
