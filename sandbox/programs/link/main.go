// Command link is a slow network cable: it copies Ethernet frames between two
// interfaces of its network namespace with delay, rate limit, bounded queue and loss.
// The settings are read again when their file changes. It must only touch the
// two interfaces that it is given; when it ends, nothing is copied any more.
//
//	link run NEAR FAR SETTINGS    SETTINGS is a JSON file, see settings.go
//	link segmentation INTERFACE off|on
//	                              whether INTERFACE hands over packets larger than its MTU;
//	                              off on both senders, or delay and loss act on 64 KiB at once
package main

import (
	"fmt"
	"log"
	"os"
	"sync/atomic"
	"time"
)

// settingsInterval is how often the settings' file is looked at.
const settingsInterval = 50 * time.Millisecond

func main() {
	var err error
	switch {
	case len(os.Args) == 5 && os.Args[1] == "run":
		err = run(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 4 && os.Args[1] == "segmentation" && (os.Args[3] == "on" || os.Args[3] == "off"):
		err = setSegmentation(os.Args[2], os.Args[3] == "on")
	default:
		err = fmt.Errorf("usage: link run NEAR FAR SETTINGS | link segmentation INTERFACE on|off")
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(near, far, path string) error {
	settings, err := readSettings(path)
	if err != nil {
		return err
	}
	current := new(atomic.Pointer[Settings])
	current.Store(settings)
	nearPort, err := openPort(near)
	if err != nil {
		return fmt.Errorf("open %s: %w", near, err)
	}
	farPort, err := openPort(far)
	if err != nil {
		return fmt.Errorf("open %s: %w", far, err)
	}
	failed := make(chan error)
	go func() { failed <- carry(nearPort, farPort, current) }()
	go func() { failed <- carry(farPort, nearPort, current) }()
	go watch(path, current)
	return <-failed
}

// watch keeps what it has when the file is broken or gone for a moment.
func watch(path string, current *atomic.Pointer[Settings]) {
	for range time.Tick(settingsInterval) {
		if settings, err := readSettings(path); err == nil && *settings != *current.Load() {
			current.Store(settings)
		}
	}
}
