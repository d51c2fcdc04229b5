package mapping

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

func TestWhatCouldBeMeantInTwoWaysIsRefused(t *testing.T) {
	one := wire.Mapping{Real: "34.118.224.0/20", Virtual: "198.19.64.0/20"}
	many := make([]wire.Mapping, PairsAtMost+1)
	for index := range many {
		many[index] = wire.Mapping{Real: fmt.Sprintf("10.%d.%d.0/24", index>>8, index&255), Virtual: fmt.Sprintf("100.%d.%d.0/24", 64+index>>8, index&255)}
	}
	for name, row := range map[string]struct {
		told   []wire.Mapping
		routed string
		cause  string // none: it is a table
	}{
		"nothing":                             {},
		"one pair":                            {told: []wire.Mapping{one}},
		"as many as there may be":             {told: many[:PairsAtMost]},
		"too many":                            {told: many, cause: "mappingTooMany"},
		"class E":                             {told: []wire.Mapping{{Real: "10.0.0.0/8", Virtual: "254.0.0.0/8"}}},
		"host by host":                        {told: []wire.Mapping{{Real: "8.8.8.8/32", Virtual: "198.19.0.1/32"}}},
		"IPv6":                                {told: []wire.Mapping{{Real: "2600::/64", Virtual: "fd51:1bae:1::/64"}}},
		"a real range that has been before":   {told: []wire.Mapping{one, {Real: one.Real, Virtual: "198.19.80.0/20", Retired: true}}},
		"both are routed":                     {told: []wire.Mapping{one}, routed: one.Real},
		"no prefix":                           {told: []wire.Mapping{{Real: "10.0.0.1", Virtual: "198.19.0.1"}}, cause: "mappingMalformed"},
		"host bits":                           {told: []wire.Mapping{{Real: "10.0.0.1/24", Virtual: "198.19.0.0/24"}}, cause: "mappingMalformed"},
		"an IPv4-mapped range":                {told: []wire.Mapping{{Real: "::ffff:10.0.0.0/104", Virtual: "fd51:1bae::/104"}}, cause: "mappingMalformed"},
		"unequal lengths":                     {told: []wire.Mapping{{Real: "10.0.0.0/16", Virtual: "198.19.0.0/17"}}, cause: "mappingUnequal"},
		"unequal families":                    {told: []wire.Mapping{{Real: "10.0.0.0/16", Virtual: "fd51:1bae::/32"}}, cause: "mappingUnequal"},
		"a public range in place of another":  {told: []wire.Mapping{{Real: "10.0.0.0/24", Virtual: "8.8.8.0/24"}}, cause: "mappingNotVirtual"},
		"a private range":                     {told: []wire.Mapping{{Real: "10.0.0.0/24", Virtual: "192.168.0.0/24"}}, cause: "mappingNotVirtual"},
		"the tunnel's own addresses":          {told: []wire.Mapping{{Real: "10.0.0.0/24", Virtual: "198.18.0.0/24"}}, cause: "mappingNotVirtual"},
		"wider than what is virtual":          {told: []wire.Mapping{{Real: "10.0.0.0/15", Virtual: "198.18.0.0/15"}}, cause: "mappingNotVirtual"},
		"the broadcast address":               {told: []wire.Mapping{{Real: "10.0.0.0/24", Virtual: "255.255.255.0/24"}}, cause: "mappingNotVirtual"},
		"one virtual range for two":           {told: []wire.Mapping{one, {Real: "10.0.0.0/20", Virtual: one.Virtual}}, cause: "mappingOverlaps"},
		"a virtual range within another":      {told: []wire.Mapping{one, {Real: "10.0.0.0/24", Virtual: "198.19.65.0/24"}}, cause: "mappingOverlaps"},
		"a retired virtual range used again":  {told: []wire.Mapping{{Real: one.Real, Virtual: one.Virtual, Retired: true}, {Real: "10.0.0.0/20", Virtual: one.Virtual}}, cause: "mappingOverlaps"},
		"one real range twice":                {told: []wire.Mapping{one, {Real: one.Real, Virtual: "198.19.80.0/20"}}, cause: "mappingOverlaps"},
		"a real range within another":         {told: []wire.Mapping{one, {Real: "34.118.225.0/24", Virtual: "198.19.80.0/24"}}, cause: "mappingOverlaps"},
		"virtual here, real there":            {told: []wire.Mapping{one, {Real: "198.19.65.0/24", Virtual: "198.19.80.0/24"}}, cause: "mappingOverlaps"},
		"in place of itself":                  {told: []wire.Mapping{{Real: one.Virtual, Virtual: one.Virtual}}, cause: "mappingOverlaps"},
		"a routed range within a virtual one": {told: []wire.Mapping{one}, routed: "198.19.65.0/24", cause: "mappingOverlaps"},
		"a virtual range within a routed one": {told: []wire.Mapping{one}, routed: "198.19.0.0/16", cause: "mappingOverlaps"},
	} {
		pairs, problem := Parse(row.told)
		if problem == nil {
			var routed []netip.Prefix
			if row.routed != "" {
				routed = append(routed, netip.MustParsePrefix(row.routed))
			}
			var table *Table
			table, problem = New(pairs, routed)
			if problem == nil && !slices.Equal(table.Pairs(), pairs) && len(pairs) > 0 {
				t.Errorf("%s: %v", name, table.Pairs())
			}
		}
		cause := ""
		if problem != nil {
			cause = problem.Said.ID
		}
		if cause != row.cause || problem != nil && problem.Code != wire.CodeMappingRefused {
			t.Errorf("%s: %v, want %q", name, problem, row.cause)
		}
	}
}

func TestBetweenTwoPlansBothLeadToTheCluster(t *testing.T) {
	pair := func(real, virtual string) Pair {
		return Pair{Real: netip.MustParsePrefix(real), Virtual: netip.MustParsePrefix(virtual)}
	}
	before := []Pair{
		pair("10.0.0.0/16", "100.64.0.0/16"), pair("10.1.0.0/16", "100.65.0.0/16"), pair("10.2.0.0/16", "100.66.0.0/16"),
		pair("198.19.9.0/24", "100.67.0.0/24"),
	}
	next := []Pair{pair("10.0.0.0/16", "100.80.0.0/16"), pair("10.2.0.0/16", "100.66.0.0/16"), pair("10.3.0.0/16", "100.65.0.0/16"), pair("10.4.0.0/16", "198.19.0.0/16")}
	table := Between(before, next)
	for virtual, real := range map[string]string{
		"100.80.0.7": "10.0.0.7", "100.64.0.7": "10.0.0.7", "100.65.0.7": "10.3.0.7", "100.66.0.7": "10.2.0.7", "198.19.9.7": "10.4.9.7", "100.67.0.7": "100.67.0.7",
	} {
		if leads, _ := table.Real(netip.MustParseAddr(virtual)); leads.String() != real {
			t.Errorf("%s leads to %s, want %s", virtual, leads, real)
		}
	}
	if known, _ := table.Virtual(netip.MustParseAddr("10.0.0.7")); known.String() != "100.80.0.7" {
		t.Errorf("names tell %s", known)
	}
	if Between(nil, nil) != nil || len(Between(before, nil).Pairs()) != len(before) {
		t.Error("a plan without pairs")
	}
}

func TestEachAddressHasOneCounterpart(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var told []wire.Mapping
	for index := range 256 {
		told = append(told,
			wire.Mapping{Real: fmt.Sprintf("%d.7.%d.0/%d", 11+index%80, index, 24+index%8), Virtual: fmt.Sprintf("241.%d.0.0/%d", index, 24+index%8)},
			wire.Mapping{Real: fmt.Sprintf("2600:%x::/64", index+1), Virtual: fmt.Sprintf("fd51:1bae:%x::/64", index+1)})
	}
	random.Shuffle(len(told), func(one, other int) { told[one], told[other] = told[other], told[one] })
	table := tableOf(told...)
	for _, pair := range table.Pairs() {
		for range 20 {
			bytes, size := pair.Real.Addr().AsSlice(), pair.Real.Bits()
			offset := make([]byte, len(bytes))
			for index := range bytes {
				host := byte(0xff)
				if kept := size - index*8; kept > 0 {
					host = byte(0xff >> min(kept, 8))
				}
				offset[index] = byte(random.Uint32()) & host
				bytes[index] |= offset[index]
			}
			real, _ := netip.AddrFromSlice(bytes)
			virtual, isMapped := table.Virtual(real)
			back, isVirtual := table.Real(virtual)
			if !isMapped || !isVirtual || back != real || !pair.Virtual.Contains(virtual) {
				t.Fatalf("%v: %s became %s and %s", pair, real, virtual, back)
			}
			want := pair.Virtual.Addr().AsSlice()
			for index := range want {
				want[index] |= offset[index]
			}
			if counterpart, _ := netip.AddrFromSlice(want); counterpart != virtual {
				t.Fatalf("%v: %s became %s, want %s", pair, real, virtual, counterpart)
			}
		}
		for _, outside := range []netip.Addr{pair.Real.Addr().Prev(), netip.AddrFrom16(pair.Real.Addr().As16())} {
			if table.byReal[0].from.Contains(outside) || outside.Is6() && pair.Real.Addr().Is6() {
				continue
			}
			if other, isMapped := table.Virtual(outside); isMapped {
				t.Errorf("%s, which is outside of %v, became %s", outside, pair, other)
			}
		}
	}
}

func TestNoTableChangesNothing(t *testing.T) {
	var table *Table
	address := netip.MustParseAddr("10.0.0.1")
	if _, isVirtual := table.Real(address); isVirtual || !table.Equal(nil) || table.Pairs() != nil {
		t.Error("there is something in it")
	}
	if _, isMapped := table.Virtual(address); isMapped {
		t.Error("there is something in it")
	}
	for kind, made := range kinds(false) {
		scene := scenes()["IPv4"]
		raw := made.with(scene.laptop, scene.virtual).build()
		parsed, _ := packet.Parse(raw)
		if !table.Outbound(&parsed) {
			t.Errorf("%s is held up", kind)
		}
		table.Inbound(&parsed, nobody{})
		expect(t, kind, raw, made.with(scene.laptop, scene.virtual))
	}
}
