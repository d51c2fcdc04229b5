package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"slipway/native/internal/build"
	"slipway/native/internal/hostnet"
	"slipway/native/internal/lease"
	"slipway/native/internal/peer"
	"slipway/native/internal/vitals"
	"slipway/native/internal/wire"
)

func serve(given settings) error {
	if os.Geteuid() != 0 {
		return errors.New("serve needs root")
	}
	// Signals from here on end the helper in order; before, nothing was changed.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	// The terminal that it was started from may be closed; the connection outlives that.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	defer vitals.OnSignal(given.log)()
	uid := uint32(given.user)
	lock, err := hostnet.TakeLock(userLock(uid))
	if errors.Is(err, hostnet.ErrLocked) {
		return fmt.Errorf("another helper serves user %d", uid)
	}
	if err != nil {
		return err
	}
	defer lock.Release()
	defer lease.Unlisten(hostnet.RuntimeDirectory, uid) // while the lock is held: the socket after is the next one's
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find own program: %w", err)
	}
	policy, err := peer.NewPolicy(uid, path)
	if err != nil {
		return err
	}
	// What stays in the way of a lease, acquire says again, and to the client.
	if left, err := hostnet.Recover(options(given, uid)); err != nil || left > 0 {
		given.log.Error("an earlier run is not undone", "leftOver", left, "error", err)
	}
	listener, err := lease.Listen(hostnet.RuntimeDirectory, uid)
	if err != nil {
		return err
	}
	server := lease.Server{
		Host: hostnet.New(options(given, uid)), Policy: policy, IdleExit: given.idle, Log: given.log,
		Hello: wire.Hello{Protocol: wire.Protocol, Build: build.ID, Role: "helper"},
	}
	given.log.Info("serving", "user", uid)
	return server.Serve(ctx, listener)
}

func userLock(uid uint32) string {
	return filepath.Join(hostnet.RuntimeDirectory, fmt.Sprintf("user-%d.lock", uid))
}

func options(given settings, uid uint32) hostnet.Options {
	return hostnet.Options{
		UID: uid, RuntimeDirectory: hostnet.RuntimeDirectory, StateDirectory: hostnet.StateDirectory, Log: given.log,
	}
}

func clean(given settings) error {
	if os.Geteuid() != 0 {
		return errors.New("clean needs root")
	}
	var users []uint32
	if given.userGiven {
		users = append(users, uint32(given.user))
	}
	leftOver, err := hostnet.Recover(options(given, uint32(given.user)), users...)
	if errors.Is(err, hostnet.ErrLocked) {
		return errors.New("a connection is in force: disconnect, or end the helper, and it cleans up by itself")
	}
	if err != nil {
		return err
	}
	removeSockets(users)
	if leftOver > 0 {
		return fmt.Errorf("%d changes could not be undone; the log above says why", leftOver)
	}
	fmt.Println("nothing of Slipway is left on this computer's network")
	return nil
}

// removeSockets removes those of helpers that were killed.
func removeSockets(users []uint32) {
	folders, _ := os.ReadDir(hostnet.RuntimeDirectory)
	for _, folder := range folders {
		number, err := strconv.ParseUint(folder.Name(), 10, 32)
		uid := uint32(number)
		if err != nil || len(users) > 0 && !slices.Contains(users, uid) {
			continue
		}
		lock, err := hostnet.TryLock(userLock(uid))
		if err != nil {
			continue // it lives
		}
		lease.Unlisten(hostnet.RuntimeDirectory, uid)
		lock.Release()
	}
}

func inspect(given settings) error {
	uid := uint32(given.user)
	if !given.userGiven {
		uid = uint32(os.Getuid())
	}
	inspection, err := askHelper(uid)
	var problem *wire.Problem
	if errors.As(err, &problem) && problem.Code == wire.CodeHelperMissing { // then nothing of ours is in force
		inspection, err = hostnet.New(options(given, uid)).Inspect()
	}
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(inspection)
}

func askHelper(uid uint32) (inspection wire.HostInspection, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	hello := wire.Hello{Protocol: wire.Protocol, Build: build.ID, Role: "doctor"}
	client, err := lease.Dial(ctx, lease.SocketPath(hostnet.RuntimeDirectory, uid), hello)
	if err != nil {
		return inspection, err
	}
	defer client.Close()
	return client.Inspect(ctx)
}
