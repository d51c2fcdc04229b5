package mapping

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// scene is a laptop, and a far end that it knows by another address than it has.
type scene struct {
	laptop, virtual, real, router, routerReal, outside netip.Addr
	table                                              *Table
}

func scenes() map[string]scene {
	made := map[string]scene{}
	for name, text := range map[string]string{
		"IPv4": "198.18.5.2 198.19.64.7 34.118.224.7 198.19.64.200 34.118.224.200 10.0.0.1",
		"IPv6": "fd18::5:2 fd51:1bae:cc::1:7 2600:1900:4::1:7 fd51:1bae:cc::99 2600:1900:4::99 fd00::1",
	} {
		var addresses []netip.Addr
		for _, each := range strings.Fields(text) {
			addresses = append(addresses, netip.MustParseAddr(each))
		}
		pair := wire.Mapping{Real: "34.118.224.0/20", Virtual: "198.19.64.0/20"}
		if name == "IPv6" {
			pair = wire.Mapping{Real: "2600:1900:4::/64", Virtual: "fd51:1bae:cc::/64"}
		}
		made[name] = scene{addresses[0], addresses[1], addresses[2], addresses[3], addresses[4], addresses[5], tableOf(pair)}
	}
	return made
}

func tableOf(told ...wire.Mapping) *Table {
	pairs, problem := Parse(told)
	if problem == nil {
		var table *Table
		if table, problem = New(pairs, nil); problem == nil {
			return table
		}
	}
	panic(problem)
}

// nobody asked for anything.
type nobody struct{}

func (nobody) Knows(packet.Flow) bool                       { return false }
func (nobody) KnowsFragment(netip.Addr, uint32, uint8) bool { return false }

// kinds are packets between two hosts in either direction, without their addresses.
func kinds(is6 bool) map[string]*model {
	large := datagram(strings.Repeat("slipway!", 400))
	largeEcho := message(is6, 8, 128, 0, strings.Repeat("ping", 500))
	all := map[string]*model{
		"a datagram":                       datagram("question"),
		"a datagram of odd length":         datagram("odd"),
		"an empty datagram":                datagram(""),
		"a segment":                        segment("data"),
		"a segment without data":           segment(""),
		"an echo request":                  message(is6, 8, 128, 0, "ping"),
		"an echo reply":                    message(is6, 0, 129, 0, "pong"),
		"a timestamp, or node information": message(is6, 13, 139, 0, "time"),
		"the first fragment of a datagram": large.part(0, 1480, true),
		"a fragment in the middle":         large.part(1480, 1480, true),
		"the last fragment":                large.part(2960, 248, false),
		"the first fragment of an echo":    largeEcho.part(0, 1480, true),
		"the last fragment of an echo":     largeEcho.part(1480, 528, false),
		"another protocol":                 {protocol: 132, segment: []byte("SCTP has no pseudo-header"), checksumAt: -1},
		"a datagram cut off":               {protocol: packet.UDP, segment: []byte{1, 2, 3, 4}, checksumAt: -1},
	}
	if !is6 {
		unsummed, withOptions := *datagram("no checksum"), *datagram("options")
		unsummed.unsummed = true
		withOptions.options = []byte{0x94, 4, 0, 0} // router alert (RFC 2113)
		echoWithOptions := *message(false, 8, 128, 0, "record route")
		echoWithOptions.options = []byte{7, 7, 4, 0, 0, 0, 0, 1}
		all["a datagram without a checksum"] = &unsummed
		all["a datagram with options"] = &withOptions
		all["an echo with options"] = &echoWithOptions
	}
	return all
}

func expect(t *testing.T, what string, got []byte, want *model) {
	t.Helper()
	if built := want.build(); !bytes.Equal(got, built) {
		t.Errorf("%s:\n got %x\nwant %x", what, got, built)
	}
}

func TestEveryPacketBecomesWhatItWouldHaveBeen(t *testing.T) {
	for family, scene := range scenes() {
		for kind, packets := range kinds(scene.real.Is6()) {
			what := family + ", " + kind
			raw := packets.with(scene.laptop, scene.virtual).build()
			parsed, _ := packet.Parse(raw)
			if !scene.table.Outbound(&parsed) || parsed.Destination != scene.real || parsed.Source != scene.laptop {
				t.Errorf("%s: %+v", what, parsed.Flow)
			}
			expect(t, what+" out", raw, packets.with(scene.laptop, scene.real))

			raw = packets.with(scene.real, scene.laptop).build()
			parsed, _ = packet.Parse(raw)
			if scene.table.Inbound(&parsed, nobody{}); parsed.Source != scene.virtual || parsed.Destination != scene.laptop {
				t.Errorf("%s: %+v", what, parsed.Flow)
			}
			expect(t, what+" in", raw, packets.with(scene.virtual, scene.laptop))

			for _, others := range [][2]netip.Addr{{scene.laptop, scene.outside}, {scene.laptop, scene.real}, {scene.outside, scene.laptop}} {
				raw = packets.with(others[0], others[1]).build()
				parsed, _ = packet.Parse(raw)
				if !scene.table.Outbound(&parsed) {
					t.Errorf("%s is held up", what)
				}
				if others[1] == scene.laptop {
					scene.table.Inbound(&parsed, nobody{})
				}
				expect(t, what+" elsewhere", raw, packets.with(others[0], others[1]))
			}
		}
	}
}

// TestEveryErrorQuotesWhatItsReaderSent: of each error of both families about each kind of packet, cut off at several lengths.
func TestEveryErrorQuotesWhatItsReaderSent(t *testing.T) {
	errors := map[string][3]byte{ // types of both families, and code
		"unreachable": {3, 1, 3}, "too big": {3, 2, 4}, "time exceeded": {11, 3, 0}, "parameter problem": {12, 4, 0}, "prohibited": {3, 1, 13},
	}
	for family, scene := range scenes() {
		is6 := scene.real.Is6()
		for name, types := range errors {
			for kind, about := range kinds(is6) {
				whole := len(about.with(scene.laptop, scene.real).build())
				start := whole - len(about.transport())
				if about.length > 0 {
					start = whole - about.length
				}
				for _, length := range []int{whole, min(whole, start+8), min(whole, start+9), min(whole, start+21), min(whole, 520)} {
					for by, reporter := range map[string][2]netip.Addr{
						"the host": {scene.real, scene.virtual}, "a mapped router": {scene.routerReal, scene.router}, "another router": {scene.outside, scene.outside},
					} {
						what := fmt.Sprintf("%s, %s by %s about %d bytes of %s", family, name, by, length, kind)
						made := message(is6, types[0], types[1], types[2], "")
						made.quoted, made.quotedBytes = about, length
						raw := made.with(reporter[0], scene.laptop).quoting(scene.laptop, scene.real).build()
						parsed, _ := packet.Parse(raw)
						scene.table.Inbound(&parsed, nobody{})
						want := made.with(reporter[1], scene.laptop).quoting(scene.laptop, scene.virtual)
						if isNoQuestion := parsed.Kind != packet.ErrorMessage; isNoQuestion {
							t.Fatalf("%s: kind %d", what, parsed.Kind)
						}
						expect(t, what, raw, want)

						// The laptop's own, about what came in.
						raw = made.with(scene.laptop, scene.virtual).quoting(scene.virtual, scene.laptop).build()
						parsed, _ = packet.Parse(raw)
						scene.table.Outbound(&parsed)
						expect(t, "the laptop's: "+what, raw, made.with(scene.laptop, scene.real).quoting(scene.real, scene.laptop))
					}
				}
			}
		}
	}
}

// TestADatagramNeverLosesItsChecksum: zero means that there is none, and over IPv6 it is dropped (RFC 768, RFC 8200).
func TestADatagramNeverLosesItsChecksum(t *testing.T) {
	for family, scene := range scenes() {
		for _, way := range [][2]netip.Addr{{scene.laptop, scene.real}, {scene.virtual, scene.laptop}} {
			made := datagram("00")
			at := 6
			for number := range 0x10000 { // the data by which the checksum of the translated packet is computed as zero
				binary.BigEndian.PutUint16(made.segment[8:], uint16(number))
				if binary.BigEndian.Uint16(made.with(way[0], way[1]).transport()[at:]) == 0xffff {
					break
				}
			}
			want := made.with(way[0], way[1])
			if binary.BigEndian.Uint16(want.transport()[at:]) != 0xffff {
				t.Fatal("no such datagram was found")
			}
			raw := made.with(scene.laptop, scene.virtual).build()
			if way[0] == scene.virtual {
				raw = made.with(scene.real, scene.laptop).build()
			}
			parsed, _ := packet.Parse(raw)
			scene.table.Outbound(&parsed)
			scene.table.Inbound(&parsed, nobody{})
			expect(t, family, raw, want)
		}
	}
}

func TestExtensionHeadersToAVirtualAddressAreNotSentOn(t *testing.T) {
	scene := scenes()["IPv6"]
	made := *datagram("data")
	made.extension = make([]byte, 7)
	parsed, _ := packet.Parse(made.with(scene.laptop, scene.virtual).build())
	if scene.table.Outbound(&parsed) {
		t.Error("it is sent on with a checksum that is wrong")
	}
	parsed, _ = packet.Parse(made.with(scene.laptop, scene.outside).build())
	if !scene.table.Outbound(&parsed) {
		t.Error("one to elsewhere is held up")
	}
}

// asked is what a laptop asked by: an address that it used.
type asked netip.Addr

func (asked asked) Knows(flow packet.Flow) bool { return flow.Destination == netip.Addr(asked) }
func (asked asked) KnowsFragment(source netip.Addr, _ uint32, _ uint8) bool {
	return source == netip.Addr(asked)
}

// TestWhatBeganBeforeAPlanGoesOnByItsAddress: an address of the cluster that is known by several is told by the one asked by.
func TestWhatBeganBeforeAPlanGoesOnByItsAddress(t *testing.T) {
	pairs := func(retired ...string) []Pair {
		told := []wire.Mapping{{Real: "10.96.0.0/16", Virtual: "100.96.0.0/16"}}
		for _, virtual := range retired {
			told = append(told, wire.Mapping{Real: "10.96.1.0/24", Virtual: virtual, Retired: true})
		}
		parsed, _ := Parse(told)
		return parsed
	}
	literal, current, before, older := "10.96.1.5", "100.96.1.5", "198.19.1.5", "198.19.2.5"
	for name, row := range map[string]struct {
		pairs  []Pair
		routed []netip.Prefix
		asked  string
		is     string
	}{
		"only the current one":           {pairs(), nil, "192.0.2.1", current},
		"asked by the current one":       {pairs("198.19.1.0/24"), nil, current, current},
		"asked by the one before":        {pairs("198.19.1.0/24"), nil, before, before},
		"asked by the oldest":            {pairs("198.19.1.0/24", "198.19.2.0/24"), nil, older, older},
		"not asked":                      {pairs("198.19.1.0/24"), nil, "192.0.2.1", literal},
		"routed too, asked literally":    {pairs("198.19.1.0/24"), []netip.Prefix{netip.MustParsePrefix("10.96.1.0/24")}, literal, literal},
		"routed too, asked by the range": {pairs(), []netip.Prefix{netip.MustParsePrefix("10.96.1.0/24")}, current, current},
		"only retired, asked by it":      {pairs("198.19.1.0/24")[1:], nil, before, before},
		"only retired, asked literally":  {pairs("198.19.1.0/24")[1:], nil, literal, literal},
	} {
		table, problem := New(row.pairs, row.routed)
		if problem != nil {
			t.Fatalf("%s: %v", name, problem)
		}
		real, laptop := netip.MustParseAddr(literal), netip.MustParseAddr("198.18.5.2")
		for kind, made := range kinds(false) {
			raw := made.with(real, laptop).build()
			parsed, _ := packet.Parse(raw)
			table.Inbound(&parsed, asked(netip.MustParseAddr(row.asked)))
			expect(t, name+", "+kind, raw, made.with(netip.MustParseAddr(row.is), laptop))
			about := message(false, 3, 1, 3, "")
			about.quoted = made
			raw = about.with(real, laptop).quoting(laptop, real).build()
			parsed, _ = packet.Parse(raw)
			table.Inbound(&parsed, asked(netip.MustParseAddr(row.asked)))
			is := netip.MustParseAddr(row.is)
			expect(t, name+", an error about "+kind, raw, about.with(is, laptop).quoting(laptop, is))
		}
	}
}

func FuzzPackets(f *testing.F) {
	all := scenes()
	for _, scene := range all {
		for _, made := range kinds(scene.real.Is6()) {
			f.Add(made.with(scene.laptop, scene.virtual).build())
			about := message(scene.real.Is6(), 3, 1, 4, "")
			about.quoted = made
			f.Add(about.with(scene.routerReal, scene.laptop).quoting(scene.laptop, scene.real).build())
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, scene := range all {
			raw := bytes.Clone(data)
			parsed, ok := packet.Parse(raw)
			if !ok {
				return
			}
			before := parsed.Flow
			if !scene.table.Outbound(&parsed) && !bytes.Equal(raw, data) && parsed.Kind != packet.ErrorMessage {
				t.Fatal("changed, and not sent on")
			}
			again, ok := packet.Parse(raw)
			if !ok || again.Flow != parsed.Flow || again.Source != before.Source {
				t.Fatalf("what is sent on is another packet than was said: %+v, %+v", again.Flow, parsed.Flow)
			}
			if wanted, isVirtual := scene.table.Real(before.Destination); isVirtual && !(parsed.Is6() && parsed.HasOptions) && again.Destination != wanted {
				t.Fatalf("to %s, want %s", again.Destination, wanted)
			}
			scene.table.Inbound(&again, nobody{})
			if last, ok := packet.Parse(raw); !ok || last.Destination != parsed.Destination || last.Flow != again.Flow {
				t.Fatalf("what comes in is another packet than was said: %+v, %+v", last.Flow, again.Flow)
			}
			if isSoundBefore := parsed.Is6() || sum(data[:int(data[0]&15)*4]) == 0xffff; isSoundBefore && !again.HasSoundHeader() {
				t.Fatalf("the header's checksum broke: %x", raw)
			}
		}
	})
}

func BenchmarkPackets(b *testing.B) {
	scene := scenes()["IPv4"]
	for name, pairs := range map[string]int{"none": 0, "1 pair": 1, "4,096 pairs": 4096} {
		var table *Table
		if pairs > 0 {
			told := []wire.Mapping{{Real: "34.118.224.0/20", Virtual: "198.19.64.0/20"}}
			for index := 1; index < pairs; index++ {
				told = append(told, wire.Mapping{
					Real:    fmt.Sprintf("10.%d.%d.0/24", index>>8, index&255),
					Virtual: fmt.Sprintf("100.%d.%d.0/24", 64+index>>8, index&255),
				})
			}
			table = tableOf(told...)
		}
		b.Run(name, func(b *testing.B) {
			data := strings.Repeat("x", 1300)
			out := datagram(data).with(scene.laptop, scene.virtual).build()
			in := datagram(data).with(scene.real, scene.laptop).build()
			work := make([]byte, len(out))
			b.ReportAllocs()
			for b.Loop() {
				copy(work, out)
				parsed, _ := packet.Parse(work)
				table.Outbound(&parsed)
				copy(work, in)
				parsed, _ = packet.Parse(work)
				table.Inbound(&parsed, nobody{})
			}
		})
	}
}
