package routelookup

import "net/netip"

// CatchAll is a rule before main that leads everything, whatever its source and destination, into another table.
type CatchAll struct {
	Rule     string       // as ip-rule(8) prints it
	Priority int          // of the rule; at least 2, so that there is room before it
	Route    netip.Prefix // of that table that a packet takes
}
