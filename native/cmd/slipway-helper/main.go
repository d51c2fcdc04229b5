// Command slipway-helper is the only root process of Slipway: it opens the tunnel's interface, sets routes and names
// for one user's engine, and undoes everything when that goes away. It must never see a kubeconfig, a key or the
// internet, and links no Kubernetes, WireGuard, gVisor, TLS or HTTP code (a test checks that).
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"
)

const usage = `usage: slipway-helper serve --user UID [--exit-when-idle SECONDS]
       slipway-helper clean [--user UID]
       slipway-helper inspect [--user UID]

serve    serve the user's engine until a signal; needs root
clean    undo what a killed helper left behind, of all users or one; needs root
inspect  print resolver mode, nameservers and TUN as JSON; changes nothing

Through pkexec or sudo: serve and clean only, and for the user who asked only.
`

// longestIdle bounds --exit-when-idle.
const longestIdle = 30 * 24 * time.Hour

// settings come from a command line, which is root's own or that of a user who may start the helper as root (mayAsk).
// None of them names a folder or a file, and none ever may: where things are kept is compiled in.
type settings struct {
	user      uint64
	userGiven bool
	idle      time.Duration
	log       *slog.Logger
}

func main() {
	if err := shed(); err != nil {
		fmt.Fprintf(os.Stderr, "slipway-helper: %v\n", err)
		os.Exit(1)
	}
	os.Exit(run(os.Args[1:]))
}

// run returns the exit code: 0 done, 1 failed, 2 wrong command line.
func run(arguments []string) int {
	commands := map[string]func(settings) error{"serve": serve, "clean": clean, "inspect": inspect}
	if len(arguments) == 0 || commands[arguments[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	given, err := parse(arguments[0], arguments[1:])
	if err == nil {
		err = mayAsk(arguments[0], given, os.LookupEnv)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "slipway-helper: %v\n%s", err, usage)
		return 2
	}
	if err := commands[arguments[0]](given); err != nil {
		fmt.Fprintf(os.Stderr, "slipway-helper: %v\n", err)
		return 1
	}
	return 0
}

func parse(command string, arguments []string) (given settings, err error) {
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.Usage = func() {}
	user := flags.String("user", "", "number of the user to serve")
	idle := flags.Uint("exit-when-idle", 0, "seconds without a client after which to end; 0 is never")
	debug := flags.Bool("debug", false, "log more")
	if err := flags.Parse(arguments); err != nil {
		return given, err
	}
	if flags.NArg() > 0 {
		return given, fmt.Errorf("unexpected %q", flags.Arg(0))
	}
	if *user != "" {
		given.userGiven = true
		if given.user, err = strconv.ParseUint(*user, 10, 32); err != nil {
			return given, fmt.Errorf("--user takes a number, not %q", *user)
		}
	} else if command == "serve" {
		return given, fmt.Errorf("serve needs --user")
	}
	level := slog.LevelInfo
	if *debug {
		level = slog.LevelDebug
	}
	given.idle = longestIdle
	if *idle < uint(longestIdle/time.Second) {
		given.idle = time.Duration(*idle) * time.Second
	}
	given.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return given, nil
}
