package hostnet

import (
	"net/netip"
	"slices"
	"time"

	"slipway/native/internal/hostnet/journal"
	"slipway/native/internal/routelookup"
)

// A VPN may lead everything into a table of its own by a rule before main (tailscale's exit node, strongSwan), where our routes
// are never looked at. What the plan put in force is ours to take, whatever broader route there is: so a table with nothing but
// our routes is looked at just before that rule. Whoever sends to anywhere else finds nothing in it, and goes the way they
// went (docs/adr/0052).

// overruled is the rule that ours stands before, and where it leads. Its zero value is none.
type overruled struct {
	routelookup.CatchAll
	leadsTo string
}

// samplesOfRule bounds how many addresses are looked up to find such a rule.
const samplesOfRule = 8

// ownTable is the routing table of an interface of ours: a number that nobody else comes upon.
func ownTable(index int) uint32 { return journal.FirstTable + uint32(index) }

// overrule has what the tunnel routes looked up before a rule that leads it elsewhere, as long as there is one.
func (host *Host) overrule(held *holding) {
	if held.tun.Index == 0 || held.overruling.isTruce(time.Now()) {
		return
	}
	before, wasMissed := held.overruled, held.isRuleMissed
	held.isRuleMissed = false
	found, isAstray, err := host.catchAllBefore(held)
	switch {
	case err != nil: // what is in force stays
		host.missRule(held, wasMissed, "the rules could not be read", err)
		return
	case !isAstray && before == (overruled{}):
		return
	case !isAstray && host.system.hasRule(before.CatchAll):
		return
	}
	host.giveWay(held)
	if isAstray && before != (overruled{}) && held.overruling.note(time.Now(), maxRepairs) {
		// Who takes it away again and again has meant it.
		held.isRuleContested = true
		host.touch(held)
		host.options.Log.Warn("somebody keeps taking our rule away; it is left alone for a while", "for", held.overruling.fought.truce)
	} else if isAstray {
		if err := host.takeWay(held, found); err != nil {
			host.giveWay(held)
			host.missRule(held, wasMissed, "no rule is set", err)
		}
	}
	if held.overruled != before {
		held.redecided = true
		host.announce()
	}
}

// missRule has our rule tried again at the next look; what fails again and again is logged once.
func (host *Host) missRule(held *holding, wasMissed bool, message string, err error) {
	held.isRuleMissed = true
	if !wasMissed {
		host.options.Log.Warn(message, "error", err)
	}
}

// catchAllBefore looks for a rule that leads elsewhere what is in force.
func (host *Host) catchAllBefore(held *holding) (found overruled, isAstray bool, err error) {
	for _, part := range held.samplesOfRule() {
		address := routelookup.FirstHost(part)
		way, err := host.system.wayTo(address, host.options.UID)
		if err != nil || way.Index == held.tun.Index {
			continue
		}
		rule, is, err := host.system.catchAll(address, host.options.UID, way)
		if err != nil {
			return overruled{}, false, err
		}
		// A route that is as narrow as ours, or to nowhere, is somebody's word on this very network.
		if is && rule.Route.Bits() < part.Bits() && (!isAstray || rule.Priority < found.Priority) {
			found, isAstray = overruled{rule, way.Interface}, true
		}
	}
	return found, isAstray, nil
}

// samplesOfRule are parts of each range, and the resolver.
func (held *holding) samplesOfRule() (parts []netip.Prefix) {
	if held.isResolverInForce {
		parts = append(parts, held.resolver)
	}
	for _, one := range held.planned {
		for _, part := range one.Parts[:min(len(one.Parts), 2)] {
			if _, isInForce := slices.BinarySearchFunc(held.inForce, part, netip.Prefix.Compare); isInForce {
				parts = append(parts, part)
			}
		}
	}
	return parts[:min(len(parts), samplesOfRule)]
}

// takeWay puts our rule in force.
func (host *Host) takeWay(held *holding, found overruled) error {
	table := ownTable(held.tun.Index)
	if !held.isRuleRecorded {
		if err := held.record(journal.Entry{Rule: &journal.Rule{Table: table}}); err != nil {
			return err
		}
		held.isRuleRecorded = true
	}
	held.overruled = found
	host.fillTable(held)
	if err := host.system.addRules(found.Priority-1, table); err != nil {
		return err
	}
	host.options.Log.Info("what the tunnel routes is looked up before a rule of somebody else", "rule", found.Rule)
	return nil
}

// fillTable has our table hold what the tunnel routes.
func (host *Host) fillTable(held *holding) {
	wanted := held.wanted(held.inForce, held.isResolverInForce)
	if _, err := host.system.setTable(held.tun.Index, ownTable(held.tun.Index), held.addresses, wanted); err != nil {
		host.options.Log.Warn("our table could not be set", "error", err)
	}
}

// giveWay takes our rule and its table away.
func (host *Host) giveWay(held *holding) {
	if held.overruled == (overruled{}) {
		return
	}
	held.overruled = overruled{}
	table := ownTable(held.tun.Index)
	if err := host.system.removeRules(table); err != nil {
		host.options.Log.Error("our rule could not be removed", "error", err)
	}
	if _, err := host.system.setTable(held.tun.Index, table, held.addresses, nil); err != nil {
		host.options.Log.Error("our table could not be emptied", "error", err)
	}
}
