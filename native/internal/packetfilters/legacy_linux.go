package packetfilters

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"slipway/native/internal/wire"
)

// legacyFamily is how ip_tables and ip6_tables of the kernel lay out what they have (include/uapi/linux/netfilter_ipv4/ip_tables.h,
// netfilter_ipv6/ip6_tables.h and netfilter/x_tables.h), on machines whose pointers have 8 bytes.
type legacyFamily struct {
	name          string
	domain, level int
	tables        string // where the tables are listed that somebody has used in this network
	head, offsets int    // bytes of an entry before its matches; where in it target_offset and next_offset are
}

var legacyFamilies = [...]legacyFamily{
	{"ip", unix.AF_INET, unix.SOL_IP, "/proc/thread-self/net/ip_tables_names", 112, 88},
	{"ip6", unix.AF_INET6, unix.SOL_IPV6, "/proc/thread-self/net/ip6_tables_names", 168, 140},
}

const (
	getInfo    = 64 // IPT_SO_GET_INFO
	getEntries = 65 // IPT_SO_GET_ENTRIES

	legacyName    = 32 // XT_TABLE_MAXNAMELEN
	legacyInfo    = 84 // struct ipt_getinfo
	legacyEntries = 40 // struct ipt_get_entries before its entries
	legacyTarget  = 32 // struct xt_entry_target

	legacyDrop     = -1 // -NF_DROP - 1
	legacyAtMost   = 8 << 20
	legacyErrorTag = "ERROR"
)

// legacyHooks are those that this computer's own packets pass, with their chains.
var legacyHooks = [...]struct {
	number     int
	chain      string
	isIncoming bool
}{{3, "OUTPUT", false}, {4, "POSTROUTING", false}, {1, "INPUT", true}, {0, "PREROUTING", true}}

// legacyTable is one of a family, as the kernel gives it.
type legacyTable struct {
	legacyFamily
	table      string
	valid      uint32
	hooks      [5]uint32 // where their chains begin
	underflows [5]uint32 // where their policies are
	entries    []byte
	chains     map[int]string // of users, by where they begin
	read       map[string]bool
	tell       func(wire.FilterChain) (hasRoom bool)
}

// legacyDropping does for iptables-legacy what Dropping does for nftables. It asks for no table that nobody has used: asking makes one.
func legacyDropping(atMost int) (found []wire.FilterChain) {
	tell := func(chain wire.FilterChain) bool {
		if len(found) < atMost {
			found = append(found, chain)
		}
		return len(found) < atMost
	}
	for _, family := range legacyFamilies {
		names, err := os.ReadFile(family.tables)
		if err != nil {
			continue // the kernel has none
		}
		for _, name := range strings.Fields(string(names)) {
			if name == "nat" {
				continue
			}
			table, err := family.open(name)
			if err != nil {
				continue // it went meanwhile, or is of another layout
			}
			table.tell = tell
			table.follow()
		}
	}
	return found
}

// open reads a table.
func (family legacyFamily) open(name string) (*legacyTable, error) {
	descriptor, err := unix.Socket(family.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(descriptor)
	info := make([]byte, legacyInfo)
	copy(info[:legacyName-1], name)
	if err := family.get(descriptor, getInfo, info); err != nil {
		return nil, err
	}
	word := func(index int) uint32 { return binary.NativeEndian.Uint32(info[legacyName+4*index:]) }
	size := word(12)
	if size > legacyAtMost {
		return nil, fmt.Errorf("a table of %d bytes", size)
	}
	entries := make([]byte, legacyEntries+int(size))
	copy(entries[:legacyName-1], name)
	binary.NativeEndian.PutUint32(entries[legacyName:], size)
	if err := family.get(descriptor, getEntries, entries); err != nil {
		return nil, err
	}
	table := &legacyTable{legacyFamily: family, table: name, valid: word(0), entries: entries[legacyEntries:], read: map[string]bool{}}
	for hook := range table.hooks {
		table.hooks[hook], table.underflows[hook] = word(1+hook), word(6+hook)
	}
	table.nameChains()
	return table, nil
}

func (family legacyFamily) get(descriptor, option int, into []byte) error {
	length := uint32(len(into))
	_, _, number := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(descriptor), uintptr(family.level), uintptr(option),
		uintptr(unsafe.Pointer(&into[0])), uintptr(unsafe.Pointer(&length)), 0)
	if number != 0 {
		return number
	}
	return nil
}

// entry is the target of a rule, and how far the next rule is; false where there is none.
func (table *legacyTable) entry(offset int) (target []byte, next int, ok bool) {
	if offset < 0 || offset+table.head > len(table.entries) {
		return nil, 0, false
	}
	rule := table.entries[offset:]
	begin := int(binary.NativeEndian.Uint16(rule[table.offsets:]))
	next = int(binary.NativeEndian.Uint16(rule[table.offsets+2:]))
	if begin < table.head || begin+legacyTarget > next || next > len(rule) {
		return nil, 0, false
	}
	return rule[begin:next], next, true
}

func text(bytesOf []byte) string {
	before, _, _ := bytes.Cut(bytesOf, []byte{0})
	return string(before)
}

// legacyVerdict is what a target does: its name, or of the standard one, which has none, a verdict or where it goes on.
func legacyVerdict(target []byte) (name string, verdict int32) {
	name = text(target[2 : legacyTarget-1])
	if name == "" && len(target) >= legacyTarget+4 {
		verdict = int32(binary.NativeEndian.Uint32(target[legacyTarget:]))
	}
	return name, verdict
}

// nameChains finds the chains of users: each begins behind a rule that names it.
func (table *legacyTable) nameChains() {
	table.chains = map[int]string{}
	for offset := 0; ; {
		target, next, ok := table.entry(offset)
		if !ok {
			return
		}
		offset += next
		if name, _ := legacyVerdict(target); name == legacyErrorTag {
			table.chains[offset] = text(target[legacyTarget:])
		}
	}
}

func (table *legacyTable) follow() {
	for _, hook := range legacyHooks {
		if table.valid&(1<<hook.number) != 0 {
			table.followChain(hook.chain, int(table.hooks[hook.number]), int(table.underflows[hook.number]), hook.isIncoming)
		}
	}
}

// followChain reads a chain to its policy, or to its end where it has none (-1).
func (table *legacyTable) followChain(chain string, begin, policy int, isIncoming bool) {
	key := fmt.Sprint(begin, isIncoming)
	if table.read[key] || len(table.read) >= readAtMost {
		return
	}
	table.read[key] = true
	say := func(why string) bool {
		return table.tell(wire.FilterChain{
			Chain: strings.Join([]string{table.name, table.table, chain}, " "), Why: why + " of iptables-legacy", Incoming: isIncoming,
		})
	}
	if target, _, ok := table.entry(policy); ok {
		if name, verdict := legacyVerdict(target); name == "" && verdict == legacyDrop {
			say("policy drop")
			return
		}
	}
	isTold := false
	for offset, rule := begin, 1; ; rule++ {
		target, next, ok := table.entry(offset)
		if !ok || offset == policy {
			return
		}
		name, verdict := legacyVerdict(target)
		switch {
		case name == legacyErrorTag:
			return
		case name == "REJECT" || name == "" && verdict == legacyDrop:
			if !isTold && !say(fmt.Sprintf("%s, rule %d", map[bool]string{true: "reject", false: "drop"}[name == "REJECT"], rule)) {
				return
			}
			isTold = true
		case name == "" && verdict >= 0 && table.chains[int(verdict)] != "":
			table.followChain(table.chains[int(verdict)], int(verdict), -1, isIncoming)
		}
		offset += next
	}
}
