package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"slipway/native/internal/gate"
	"slipway/native/internal/packet"
	"slipway/native/internal/resolver"
	"slipway/native/internal/serviceping"
	"slipway/native/internal/wire"
)

// FuzzAgentReply is what an agent says: it runs in a cluster, and nothing of it is believed.
func FuzzAgentReply(f *testing.F) {
	golden(f, "../wire/testdata/agent/reply-*.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		var reply wire.AgentReply
		if json.Unmarshal(body, &reply) != nil || reply.Registered == nil {
			return
		}
		granted, err := checkRegistration(*reply.Registered)
		if err != nil {
			return
		}
		var all []netip.Addr
		for index, own := range granted.addresses {
			for _, address := range []netip.Addr{own.laptop, own.engine, own.agent} {
				if !wire.AddressFamilies[index].Range.Contains(address) || slices.Contains(all, address) {
					t.Fatalf("%s is an end of the tunnel in %s", address, body)
				}
				all = append(all, address)
			}
		}
	})
}

// FuzzServices is what the core says of Services, message after message, each a line.
func FuzzServices(f *testing.F) {
	for _, file := range files(f, "../wire/testdata/engine/command-endpoints*.json") {
		var command wire.EngineCommand
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if err := json.Unmarshal(body, &command); err != nil {
			f.Fatal(err)
		}
		line, err := json.Marshal(command.Endpoints)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(slices.Concat(line, []byte("\n"), line))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, pings := &serviceList{}, serviceping.New()
		answerer := resolver.New(resolver.Config{})
		for line := range bytes.Lines(text) {
			var part wire.ServiceEndpoints
			if json.Unmarshal(line, &part) != nil {
				continue
			}
			if change, isComplete := list.take(part); isComplete {
				pings.Change(change.services, change.whole)
				answerer.ChangeServices(change.named())
			}
		}
		all := list.all()
		pings.Change(all.services, true)
		answerer.SetServices(all.named())
		for name, entries := range all.services {
			if len(entries) == 0 {
				t.Fatalf("%v is kept without an address", name)
			}
		}
	})
}

// watchedTun keeps an eye on what the laptop gets.
type watchedTun struct {
	silentTun
	mutex  sync.Mutex
	strays [][]byte
	laptop packet.PerFamily
}

func (device *watchedTun) Write(buffers [][]byte, offset int) (int, error) {
	for _, buffer := range buffers {
		if parsed, ok := packet.Parse(buffer[offset:]); !ok || !device.laptop.Has(parsed.Destination) {
			device.mutex.Lock()
			device.strays = append(device.strays, slices.Clone(buffer[offset:]))
			device.mutex.Unlock()
		}
	}
	return len(buffers), nil
}

// BatchSize is small: each of 128 buffers would be made and cleared anew for every execution.
func (device *watchedTun) BatchSize() int { return 8 }

// FuzzPath gives the packet path whatever laptop and cluster may send, in turn: two bytes of length before each packet, whose
// first bit says from whom it is.
func FuzzPath(f *testing.F) {
	own := sessionAddresses{netip.MustParseAddr("198.18.5.2"), netip.MustParseAddr("198.18.5.3"), wire.AgentAddress}
	framed := func(fromCluster bool, raw []byte) []byte {
		head := binary.BigEndian.AppendUint16(nil, uint16(len(raw)))
		if fromCluster {
			head[0] |= 0x80
		}
		return append(head, raw...)
	}
	near, far := "198.18.5.2:40000", "10.244.7.9:80"
	f.Add(slices.Concat(
		framed(false, segmentOf(near, far, 0x02, 1000, 0, 0)), framed(true, segmentOf(far, near, 0x12, 5000, 1001, 0)),
		framed(false, segmentOf(near, far, 0x10, 1001, 5001, 40)), framed(false, segmentOf(near, "198.18.5.3:53", 0x02, 1, 0, 0)),
		framed(true, segmentOf("198.18.0.1:7", "198.18.5.3:9", 0x04, 1, 0, 0)),
	))
	virtual := netip.MustParseAddrPort("198.19.64.7:53")
	asked := packet.DatagramOf(netip.MustParseAddrPort("198.18.5.2:5000"), virtual, []byte("question"))
	answered := packet.DatagramOf(netip.MustParseAddrPort("34.118.224.7:53"), netip.MustParseAddrPort("198.18.5.2:5000"), []byte("answer"))
	f.Add(slices.Concat(
		framed(false, asked), framed(true, answered), framed(false, segmentOf(near, "240.1.0.9:80", 0x02, 1, 0, 0)),
	))
	f.Fuzz(func(t *testing.T, said []byte) {
		path, err := newPath(registration{granted: wire.Registered{MTU: 1400}, addresses: []sessionAddresses{own}})
		if err != nil {
			t.Fatal(err)
		}
		device := &watchedTun{silentTun: silentTun{closed: make(chan struct{})}, laptop: path.laptop}
		path.open(device, func(error) {})
		path.setAgent(own.agent)
		mapped, problem := wantedMapping(nil, []wire.Mapping{{Real: "34.118.224.0/20", Virtual: "198.19.64.0/20"}, {Real: "10.240.0.0/16", Virtual: "240.1.0.0/16"}})
		if problem != nil {
			t.Fatal(problem)
		}
		path.setMapping(mapped)
		path.setRanges(gate.Whole(
			netip.MustParsePrefix("10.244.0.0/16"), netip.MustParsePrefix("10.96.0.0/12"), netip.MustParsePrefix("198.19.64.0/20"), netip.MustParsePrefix("240.1.0.0/16"),
		))
		path.pings.Change(map[wire.ServiceName][]wire.ServiceEndpoint{
			{Name: "orders"}: {{Address: "10.96.0.7", Ready: []string{"10.244.7.9"}}},
		}, true)
		for len(said) > 2 {
			head := binary.BigEndian.Uint16(said)
			size := min(int(head&0x7fff), len(said)-2)
			raw := slices.Clone(said[2 : 2+size])
			said = said[2+size:]
			if head&0x8000 == 0 {
				path.outbound(raw)
			} else {
				path.receive(0, [][]byte{raw}, func([]byte) bool { return false })
			}
		}
		path.tick()
		path.close()
		for _, stray := range device.strays {
			t.Errorf("the laptop got %x", stray)
		}
	})
}

func golden(f *testing.F, pattern string) {
	for _, file := range files(f, pattern) {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
}

func files(f *testing.F, pattern string) []string {
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		f.Fatalf("%s: %v", pattern, err)
	}
	return found
}
