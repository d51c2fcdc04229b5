// Package routelookup asks the kernel which way a packet of a user goes, rules and all tables included, and reads why.
// It needs no rights, and must never change anything.
package routelookup

import (
	"fmt"
	"net/netip"
)

// Way is where the kernel sends a packet.
type Way struct {
	Index     int        // of the interface; 0 for none
	Interface string     // its name
	Source    netip.Addr // what a program gets that chose none
	Nowhere   string     // unreachable, prohibit, blackhole, no route; empty where an interface is known
}

// Reason is why a packet goes its way. Zero fields are not known.
type Reason struct {
	Table string       // as ip-route(8) names it: main, local, default or its number
	Route netip.Prefix // of the table that was chosen; /0 for a default route
	Rule  string       // as ip-rule(8) prints it; empty for the kernel's own three
}

// String is a phrase for a sentence about a way.
func (reason Reason) String() string {
	route := ""
	if reason.Route.IsValid() {
		route = "the route " + reason.Route.String()
		if reason.Route.Bits() == 0 {
			route = "the default route"
		}
		route += " of table " + reason.Table
	}
	switch {
	case reason.Rule != "" && route != "":
		return fmt.Sprintf("the rule %q, %s", reason.Rule, route)
	case reason.Rule != "":
		return fmt.Sprintf("the rule %q", reason.Rule)
	case route != "":
		return route
	}
	return "no route of any table"
}
