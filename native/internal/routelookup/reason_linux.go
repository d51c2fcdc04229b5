package routelookup

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/dumps"
)

// Why goes through the rules as the kernel does (fib_rules_lookup) for a packet of the user uid to address, and returns
// what decided that it goes the way that To found. It is no substitute for that: what a table holds of hops, metrics and
// types of service is left to the kernel.
func (tables Tables) Why(address netip.Addr, uid uint32, way Way) Reason {
	rule, prefix, is := tables.deciding(address, uid, way)
	switch {
	case !is:
		return Reason{}
	case rule.Table == unix.RT_TABLE_UNSPEC:
		return Reason{Rule: textOf(rule) + " " + refusing(way.Nowhere)}
	}
	reason := Reason{Table: tableName(rule.Table), Route: prefix}
	if !isKernels(rule) {
		reason.Rule = textOf(rule)
	}
	return reason
}

// CatchAll returns the rule that decided that a packet goes the way that To found, if it is one before main that catches all:
// what is marked may be excepted, as a VPN excepts its own packets. What leads nowhere was refused by somebody on purpose.
func (tables Tables) CatchAll(address netip.Addr, uid uint32, way Way) (found CatchAll, is bool) {
	rule, prefix, is := tables.deciding(address, uid, way)
	if !is || way.Nowhere != "" || rule.Priority < 2 || rule.Priority >= priorityOfMain {
		return CatchAll{}, false
	}
	isMarkless := rule.Mark == 0 && rule.Mask == nil || rule.Invert
	if rule.Src != nil || rule.Dst != nil || rule.IifName != "" || rule.UIDRange != nil || !isMarkless {
		return CatchAll{}, false
	}
	if rule.Table == unix.RT_TABLE_UNSPEC || rule.Table == unix.RT_TABLE_MAIN || rule.Table == unix.RT_TABLE_LOCAL {
		return CatchAll{}, false
	}
	return CatchAll{Rule: textOf(rule), Priority: rule.Priority, Route: prefix}, true
}

// Has tells whether the rule is there still.
func (tables Tables) Has(rule CatchAll) bool {
	return slices.ContainsFunc(tables.rules, func(one netlink.Rule) bool { return textOf(one) == rule.Rule })
}

// priorityOfMain is that of the kernel's rule for the table main (ip-rule(8)).
const priorityOfMain = 32766

// deciding is the rule whose action decides, and the route of its table that a packet takes.
func (tables Tables) deciding(address netip.Addr, uid uint32, way Way) (decides netlink.Rule, taken netip.Prefix, is bool) {
	skipTo := -1
	for _, rule := range tables.rules {
		if rule.Priority < skipTo || !matches(rule, address, way.Source, uid) {
			continue
		}
		switch {
		case rule.Goto >= 0:
			skipTo = rule.Goto
		case rule.Table == unix.RT_TABLE_UNSPEC && way.Nowhere != "":
			return rule, taken, true
		case rule.Table == unix.RT_TABLE_UNSPEC: // "nop"
		default:
			route, found := tables.longest(rule.Table, address)
			if !found || route.Type == unix.RTN_THROW {
				continue
			}
			prefix, known := dumps.PrefixOf(route.Dst)
			if !known {
				prefix = netip.PrefixFrom(zeroLike(address), 0)
			}
			if rule.SuppressPrefixlen >= 0 && prefix.Bits() <= rule.SuppressPrefixlen {
				continue
			}
			return rule, prefix, true
		}
	}
	return decides, taken, false
}

// refusing is the action of a rule that leads nowhere, by what To found (fib4_rule_action).
func refusing(nowhere string) string {
	if nowhere == "no route" {
		return "unreachable"
	}
	return nowhere
}

func zeroLike(address netip.Addr) netip.Addr {
	if address.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// longest is the most specific route of the table to address; of several the one with the least metric.
func (tables Tables) longest(table int, address netip.Addr) (best netlink.Route, found bool) {
	bestBits := -1
	for _, route := range tables.routes {
		bits := 0
		if prefix, known := dumps.PrefixOf(route.Dst); known {
			if !prefix.Contains(address) {
				continue
			}
			bits = prefix.Bits()
		}
		if route.Table != table || bits < bestBits || bits == bestBits && route.Priority >= best.Priority {
			continue
		}
		best, bestBits, found = route, bits, true
	}
	return best, found
}

// matches tells whether a rule is about such a packet: of this computer, without mark, type of service and tunnel.
func matches(rule netlink.Rule, address, source netip.Addr, uid uint32) bool {
	is := within(rule.Dst, address) && within(rule.Src, source) &&
		(rule.IifName == "" || rule.IifName == "lo") && rule.OifName == "" &&
		rule.Tos == 0 && rule.TunID == 0 && rule.IPProto == 0 && rule.Sport == nil && rule.Dport == nil &&
		rule.Mark&maskOf(rule) == 0 &&
		(rule.UIDRange == nil || uid >= rule.UIDRange.Start && uid <= rule.UIDRange.End)
	return is != rule.Invert
}

func within(network *net.IPNet, address netip.Addr) bool {
	prefix, known := dumps.PrefixOf(network)
	return !known || prefix.Contains(address)
}

func maskOf(rule netlink.Rule) uint32 {
	if rule.Mask == nil {
		return math.MaxUint32
	}
	return *rule.Mask
}

// isKernels tells whether it is one of the three that every computer has (ip-rule(8)).
func isKernels(rule netlink.Rule) bool {
	isPlain := rule.Src == nil && rule.Dst == nil && rule.Mark == 0 && rule.UIDRange == nil && !rule.Invert && rule.IifName == ""
	switch rule.Table {
	case unix.RT_TABLE_LOCAL, unix.RT_TABLE_MAIN, unix.RT_TABLE_DEFAULT:
		return isPlain && rule.SuppressPrefixlen < 0
	}
	return false
}

func tableName(table int) string {
	switch table {
	case unix.RT_TABLE_LOCAL:
		return "local"
	case unix.RT_TABLE_MAIN:
		return "main"
	case unix.RT_TABLE_DEFAULT:
		return "default"
	}
	return strconv.Itoa(table)
}

// textOf is a rule as ip-rule(8) prints it.
func textOf(rule netlink.Rule) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d:", rule.Priority)
	if rule.Invert {
		text.WriteString(" not")
	}
	text.WriteString(" from " + orAll(rule.Src))
	if rule.Dst != nil {
		text.WriteString(" to " + orAll(rule.Dst))
	}
	if rule.Mark != 0 || rule.Mask != nil {
		fmt.Fprintf(&text, " fwmark %#x", rule.Mark)
		if mask := maskOf(rule); mask != math.MaxUint32 {
			fmt.Fprintf(&text, "/%#x", mask)
		}
	}
	if rule.IifName != "" {
		text.WriteString(" iif " + rule.IifName)
	}
	if rule.UIDRange != nil {
		fmt.Fprintf(&text, " uidrange %d-%d", rule.UIDRange.Start, rule.UIDRange.End)
	}
	if rule.Table != unix.RT_TABLE_UNSPEC {
		text.WriteString(" lookup " + tableName(rule.Table))
	}
	if rule.SuppressPrefixlen >= 0 {
		fmt.Fprintf(&text, " suppress_prefixlength %d", rule.SuppressPrefixlen)
	}
	return text.String()
}

func orAll(network *net.IPNet) string {
	prefix, known := dumps.PrefixOf(network)
	switch {
	case !known:
		return "all"
	case prefix.IsSingleIP():
		return prefix.Addr().String()
	}
	return prefix.String()
}
