package main

import (
	"fmt"
	"slices"
	"strconv"
)

// callerVariables are set by pkexec(1) and sudo(8) to the number of the user who asked them to start this program as
// root. All else that is in the environment comes from that user, and is believed nothing.
var callerVariables = []string{"PKEXEC_UID", "SUDO_UID"}

// callerCommands are what a user who was let start the helper may have it do: to start it is not to be root.
var callerCommands = []string{"serve", "clean"}

// mayAsk returns nil where the user who had this program started as root may have it do command, else the reason as a
// sentence. Where nobody had it started, as root itself or a unit of systemd, it may do all.
func mayAsk(command string, given settings, lookup func(string) (string, bool)) error {
	for _, variable := range callerVariables {
		text, isSet := lookup(variable)
		if !isSet {
			continue
		}
		caller, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return fmt.Errorf("%s names no user: %q", variable, text)
		}
		if caller == 0 {
			continue // root asked to be root
		}
		if !slices.Contains(callerCommands, command) {
			return fmt.Errorf("user %d may have it serve and clean only, not %s (%s is set)", caller, command, variable)
		}
		if given.userGiven && given.user != caller {
			return fmt.Errorf("user %d may not have it serve user %d (%s is set)", caller, given.user, variable)
		}
	}
	return nil
}
