package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"slipway/native/internal/shell"
)

// commandLine is the descriptor over which the command line says what to run, and hears why that cannot be.
const commandLine = 3

// runShell ends this process where the first argument is one of the shell's.
func runShell(argument string) {
	switch argument {
	case shell.InsideArgument:
		os.Exit(shell.RunInside())
	case "shell":
		os.Exit(runShellOutside())
	}
}

func runShellOutside() int {
	unix.CloseOnExec(commandLine)
	link := os.NewFile(commandLine, "command line")
	var plan shell.Plan
	if err := json.NewDecoder(link).Decode(&plan); err != nil {
		fmt.Fprintln(os.Stderr, "slipway-engine shell: what to run cannot be read")
		return shell.ExitFailed
	}
	code, err := shell.Run(plan)
	var refusal *shell.Refusal
	if errors.As(err, &refusal) {
		_ = json.NewEncoder(link).Encode(map[string]string{"because": string(refusal.Because), "detail": refusal.Detail})
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "slipway-engine shell:", err)
	}
	return code
}
