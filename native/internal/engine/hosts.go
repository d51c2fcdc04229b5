package engine

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"

	"go4.org/netipx"

	"slipway/native/internal/gate"
	"slipway/native/internal/hostset"
	"slipway/native/internal/wire"
)

// hostList is what the core said of the cluster's hosts. The engine takes in what comes, connections ask for all of it.
type hostList struct {
	mutex sync.Mutex
	set   hostset.Set
}

func (list *hostList) take(part wire.HostsInput) (isComplete bool, err error) {
	list.mutex.Lock()
	defer list.mutex.Unlock()
	return list.set.Take(part)
}

func (list *hostList) all() map[netip.Addr]struct{} {
	list.mutex.Lock()
	defer list.mutex.Unlock()
	return list.set.All()
}

// hostsChanged tells the helper of other hosts than it knows, and follows what that changes.
func (connection *connection) hostsChanged() {
	connection.routing.Lock()
	defer connection.routing.Unlock()
	if !connection.isAsked() {
		return // they go with the first
	}
	call, cancel := context.WithTimeout(context.Background(), connection.config.Timing.HelperCall)
	defer cancel()
	decided, isTold, err := connection.tellHosts(call)
	if err != nil {
		connection.config.Log.Error("the helper did not take other hosts", "error", err)
	}
	if err == nil && isTold {
		connection.route(decided.Decisions, false)
	}
}

// tellHosts tells the helper how the hosts differ from those that it knows: all of them, where that is not known. The caller
// holds routing.
func (connection *connection) tellHosts(ctx context.Context) (decided wire.RouteDecisions, isTold bool, err error) {
	wanted, told := connection.hosts.all(), connection.toldHosts
	change := wire.HostsInput{Whole: told == nil}
	for address := range wanted {
		if _, known := told[address]; !known {
			change.Add = append(change.Add, address.String())
		}
	}
	for address := range told {
		if _, stays := wanted[address]; !stays {
			change.Remove = append(change.Remove, address.String())
		}
	}
	if len(change.Add)+len(change.Remove) == 0 {
		return decided, false, nil
	}
	connection.toldHosts = nil
	if decided, err = connection.helper.SetHosts(ctx, change); err != nil {
		return decided, false, err
	}
	connection.toldHosts = wanted
	return decided, true, nil
}

// rangesOf are the ranges of which anything is in force, with their parts: what was cut is not, and of a narrowed one its
// hosts alone are.
func rangesOf(decisions []wire.RouteDecision, hosts map[netip.Addr]struct{}) (ranges []gate.Range) {
	for _, decision := range decisions {
		prefix, err := netip.ParsePrefix(decision.Prefix)
		if err != nil || !decision.IsCarried() {
			continue
		}
		var builder netipx.IPSetBuilder
		if decision.Decision != wire.DecisionNarrowed {
			builder.AddPrefix(prefix)
		} else {
			for host := range hosts {
				if prefix.Contains(host) {
					builder.Add(host)
				}
			}
		}
		for _, cut := range decision.Cuts {
			if part, err := netip.ParsePrefix(cut.Prefix); err == nil {
				builder.RemovePrefix(part)
			}
		}
		if set, err := builder.IPSet(); err == nil {
			ranges = append(ranges, gate.Range{Prefix: prefix, Parts: set.Prefixes()})
		}
	}
	return ranges
}

// reverseOf are the parts that the cluster names: of a narrowed range the other network does.
func reverseOf(decisions []wire.RouteDecision, ranges []gate.Range) (reverse []netip.Prefix) {
	isNarrowed := map[string]bool{}
	for _, decision := range decisions {
		isNarrowed[decision.Prefix] = decision.Decision == wire.DecisionNarrowed
	}
	for _, one := range ranges {
		if !isNarrowed[one.Prefix.String()] {
			reverse = append(reverse, one.Parts...)
		}
	}
	slices.SortStableFunc(reverse, func(one, other netip.Prefix) int { return cmp.Compare(one.Bits(), other.Bits()) })
	return reverse
}

// partsOf are all that is in force.
func partsOf(ranges []gate.Range) (parts []netip.Prefix) {
	for _, one := range ranges {
		parts = append(parts, one.Parts...)
	}
	return parts
}
