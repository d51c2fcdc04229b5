package packetfilters

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/wire"
)

const (
	legacyAccept = -2 // -NF_ACCEPT - 1
	legacyReturn = -5 // XT_RETURN
)

// legacyBlob builds what ip_tables takes and gives: chains of INPUT, FORWARD and OUTPUT, and those of users behind them.
type legacyBlob struct {
	legacyFamily
	entries    []byte
	count      uint32
	hooks      [5]uint32
	underflows [5]uint32
}

func (blob *legacyBlob) rule(name string, data []byte) (offset uint32) {
	size := (legacyTarget + len(data) + 7) &^ 7
	entry := make([]byte, blob.head+size)
	binary.NativeEndian.PutUint16(entry[blob.offsets:], uint16(blob.head))
	binary.NativeEndian.PutUint16(entry[blob.offsets+2:], uint16(len(entry)))
	target := entry[blob.head:]
	binary.NativeEndian.PutUint16(target, uint16(size))
	copy(target[2:], name)
	copy(target[legacyTarget:], data)
	offset = uint32(len(blob.entries))
	blob.entries = append(blob.entries, entry...)
	blob.count++
	return offset
}

func (blob *legacyBlob) verdict(number int32) uint32 {
	return blob.rule("", binary.NativeEndian.AppendUint32(nil, uint32(number)))
}

// legacyRows are tables in which one chain has something: what is told of it.
var legacyRows = map[string]struct {
	rules  []string // of the chain OUTPUT: drop, reject, accept, block
	policy int32
	block  []string // of a chain of that name
	told   string
}{
	"nothing":         {nil, legacyAccept, nil, ""},
	"a policy":        {[]string{"drop"}, legacyDrop, nil, "filter OUTPUT (policy drop of iptables-legacy) out"},
	"a rule":          {[]string{"accept", "drop", "drop"}, legacyAccept, nil, "filter OUTPUT (drop, rule 2 of iptables-legacy) out"},
	"a refusal":       {[]string{"reject"}, legacyAccept, nil, "filter OUTPUT (reject, rule 1 of iptables-legacy) out"},
	"behind a jump":   {[]string{"block", "accept"}, legacyAccept, []string{"accept", "drop"}, "filter block (drop, rule 2 of iptables-legacy) out"},
	"nobody jumps":    {[]string{"accept"}, legacyAccept, []string{"drop"}, ""},
	"a jump, nothing": {[]string{"block"}, legacyAccept, []string{"accept"}, ""},
}

func blobOf(family legacyFamily, rules []string, policy int32, block []string) *legacyBlob {
	blob := &legacyBlob{legacyFamily: family}
	add := func(rules []string, at int) {
		for _, one := range rules {
			switch one {
			case "drop":
				blob.verdict(legacyDrop)
			case "accept":
				blob.verdict(legacyAccept)
			case "reject":
				blob.rule("REJECT", make([]byte, 4))
			case "block":
				blob.verdict(int32(at))
			}
		}
	}
	for _, hook := range []int{1, 2, 3} {
		blob.hooks[hook] = uint32(len(blob.entries))
		if hook == 3 {
			// The chain begins behind these rules, the policy, and the rule that names it.
			standard, named := family.head+40, family.head+64
			add(rules, len(blob.entries)+standard*(len(rules)+1)+named)
			blob.underflows[hook] = blob.verdict(policy)
		} else {
			blob.underflows[hook] = blob.verdict(legacyAccept)
		}
	}
	name := func(text string) { blob.rule(legacyErrorTag, append([]byte(text), make([]byte, 30-len(text))...)) }
	if block != nil {
		name("block")
		add(block, 0)
		blob.verdict(legacyReturn)
	}
	name(legacyErrorTag)
	return blob
}

func toldOf(found []wire.FilterChain, family string) string {
	var told []string
	for _, chain := range found {
		if name, isOf := strings.CutPrefix(chain.Chain, family+" "); isOf {
			told = append(told, fmt.Sprintf("%s (%s) %s", name, chain.Why, map[bool]string{false: "out", true: "in"}[chain.Incoming]))
		}
	}
	return strings.Join(told, ", ")
}

func TestTablesOfIptablesLegacyAreRead(t *testing.T) {
	for _, family := range legacyFamilies {
		for name, row := range legacyRows {
			t.Run(family.name+" "+name, func(t *testing.T) {
				var found []wire.FilterChain
				blob := blobOf(family, row.rules, row.policy, row.block)
				table := &legacyTable{
					legacyFamily: family, table: "filter", valid: 0b1110, hooks: blob.hooks, underflows: blob.underflows, entries: blob.entries,
					read: map[string]bool{}, tell: func(chain wire.FilterChain) bool { found = append(found, chain); return true },
				}
				table.nameChains()
				table.follow()
				if told := toldOf(found, family.name); told != row.told {
					t.Errorf("told %q, expected %q", told, row.told)
				}
			})
		}
	}
}

// The kernel says so itself: rules are put into a real table and read back.
func TestTablesOfIptablesLegacyAreThoseOfTheKernel(t *testing.T) {
	laptoptest.Reset(t)
	for _, family := range legacyFamilies {
		if _, err := os.Stat(family.tables); err != nil {
			t.Logf("this kernel has no iptables-legacy for %s", family.name)
			continue
		}
		if found := toldOf(legacyDropping(toldAtMost), family.name); found != "" {
			t.Errorf("before anything: %s", found)
		}
		for name, row := range legacyRows {
			if strings.Contains(row.told, "reject") {
				continue // a module that need not be there
			}
			put(t, blobOf(family, row.rules, row.policy, row.block))
			if told := toldOf(legacyDropping(toldAtMost), family.name); told != row.told {
				t.Errorf("%s, %s: told %q, expected %q", family.name, name, told, row.told)
			}
		}
		put(t, blobOf(family, nil, legacyAccept, nil))
	}
}

// put replaces the table filter (IPT_SO_SET_REPLACE).
func put(t *testing.T, blob *legacyBlob) {
	t.Helper()
	descriptor, err := unix.Socket(blob.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(descriptor)
	info := make([]byte, legacyInfo)
	copy(info, "filter")
	if err := blob.get(descriptor, getInfo, info); err != nil { // makes the table
		t.Fatal(err)
	}
	before := binary.NativeEndian.Uint32(info[legacyName+44:])
	counters := make([]byte, 16*before)
	order := binary.NativeEndian
	replace := make([]byte, 96, 96+len(blob.entries))
	copy(replace, "filter")
	order.PutUint32(replace[32:], 0b1110)
	order.PutUint32(replace[36:], blob.count)
	order.PutUint32(replace[40:], uint32(len(blob.entries)))
	for hook := range blob.hooks {
		order.PutUint32(replace[44+4*hook:], blob.hooks[hook])
		order.PutUint32(replace[64+4*hook:], blob.underflows[hook])
	}
	order.PutUint32(replace[84:], before)
	order.PutUint64(replace[88:], uint64(uintptr(unsafe.Pointer(&counters[0]))))
	replace = append(replace, blob.entries...)
	if _, _, number := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(descriptor), uintptr(blob.level), 64,
		uintptr(unsafe.Pointer(&replace[0])), uintptr(len(replace)), 0); number != 0 {
		t.Fatalf("replace the table: %v", number)
	}
}

func FuzzTablesOfIptablesLegacy(f *testing.F) {
	blob := blobOf(legacyFamilies[0], []string{"block", "drop"}, legacyAccept, []string{"drop"})
	f.Add(blob.entries, blob.hooks[3], blob.underflows[3])
	f.Fuzz(func(_ *testing.T, entries []byte, begin, policy uint32) {
		for _, family := range legacyFamilies {
			table := &legacyTable{
				legacyFamily: family, valid: 0b1000, hooks: [5]uint32{3: begin}, underflows: [5]uint32{3: policy}, entries: entries,
				read: map[string]bool{}, tell: func(wire.FilterChain) bool { return true },
			}
			table.nameChains()
			table.follow()
		}
	})
}
