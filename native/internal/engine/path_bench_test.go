package engine

import (
	"fmt"
	"net/netip"
	"os"
	"testing"

	"golang.zx2c4.com/wireguard/tun"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/gate"
	"slipway/native/internal/packet"
	"slipway/native/internal/wire"
)

// silentTun takes every packet.
type silentTun struct{ closed chan struct{} }

func (device *silentTun) Read([][]byte, []int, int) (int, error) {
	<-device.closed
	return 0, os.ErrClosed
}
func (device *silentTun) Write(buffers [][]byte, _ int) (int, error) { return len(buffers), nil }
func (device *silentTun) Close() error                               { close(device.closed); return nil }
func (device *silentTun) File() *os.File                             { return nil }
func (device *silentTun) MTU() (int, error)                          { return 16000, nil }
func (device *silentTun) Name() (string, error)                      { return "silent", nil }
func (device *silentTun) Events() <-chan tun.Event                   { return nil }
func (device *silentTun) BatchSize() int                             { return 128 }

// segmentOf makes a TCP segment with sound checksums.
func segmentOf(from, to string, flags header.TCPFlags, sequence, acknowledgement uint32, size int) []byte {
	source, destination := netip.MustParseAddrPort(from), netip.MustParseAddrPort(to)
	packet := make([]byte, 40+size)
	header.IPv4(packet).Encode(&header.IPv4Fields{
		TotalLength: uint16(len(packet)), TTL: 64, Protocol: uint8(header.TCPProtocolNumber),
		SrcAddr: tcpip.AddrFrom4(source.Addr().As4()), DstAddr: tcpip.AddrFrom4(destination.Addr().As4()),
	})
	header.IPv4(packet).SetChecksum(^header.IPv4(packet).CalculateChecksum())
	header.TCP(packet[20:]).Encode(&header.TCPFields{
		SrcPort: source.Port(), DstPort: destination.Port(), SeqNum: sequence, AckNum: acknowledgement,
		DataOffset: 20, Flags: flags, WindowSize: 65535,
	})
	pseudo := header.PseudoHeaderChecksum(header.TCPProtocolNumber,
		tcpip.AddrFrom4(source.Addr().As4()), tcpip.AddrFrom4(destination.Addr().As4()), uint16(20+size))
	header.TCP(packet[20:]).SetChecksum(^checksum.Checksum(packet[20:], pseudo))
	return packet
}

// BenchmarkReceive is the engine's whole work on a batch that a lane received, but for the kernel's.
func BenchmarkReceive(b *testing.B) {
	for _, size := range []int{0, 1340, 15960} {
		for _, flows := range []int{1, 64} {
			b.Run(fmt.Sprintf("%d bytes, %d flows", size, flows), func(b *testing.B) {
				laptop, engine := netip.MustParseAddr("198.18.5.2"), netip.MustParseAddr("198.18.5.3")
				path, err := newPath(registration{granted: wire.Registered{MTU: 16000}, addresses: []sessionAddresses{{laptop, engine, wire.AgentAddress}}})
				if err != nil {
					b.Fatal(err)
				}
				defer path.close()
				path.open(&silentTun{closed: make(chan struct{})}, func(error) {})
				var prefixes []netip.Prefix
				for node := range 16 {
					prefixes = append(prefixes, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, byte(node), 0}), 24))
				}
				path.setRanges(gate.Whole(prefixes...))
				batch, passing := make([][]byte, 32), make([][]byte, 32)
				for index := range batch {
					port := 40000 + index*flows/32
					near, far := fmt.Sprintf("198.18.5.2:%d", port), "10.244.7.9:80"
					path.outbound(segmentOf(near, far, header.TCPFlagSyn, 1000, 0, 0))
					path.outbound(segmentOf(near, far, header.TCPFlagAck, 1001, 5001, 0))
					batch[index] = segmentOf(far, near, header.TCPFlagAck, 5001, 1001, size)
				}
				heard := func([]byte) bool { return false }
				b.ReportAllocs()
				b.SetBytes(int64(len(batch) * (40 + size)))
				for b.Loop() {
					copy(passing, batch) // receive marks what it does not pass on
					path.receive(0, passing, heard)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(batch)), "ns/packet")
			})
		}
	}
}

// BenchmarkMapped is the same for datagrams, whose range is mapped, and for those whose range is routed as it is.
func BenchmarkMapped(b *testing.B) {
	for name, known := range map[string]string{"routed": "34.118.224.7:53", "mapped": "198.19.64.7:53"} {
		b.Run(name, func(b *testing.B) {
			laptop, engine := netip.MustParseAddr("198.18.5.2"), netip.MustParseAddr("198.18.5.3")
			path, err := newPath(registration{granted: wire.Registered{MTU: 1400}, addresses: []sessionAddresses{{laptop, engine, wire.AgentAddress}}})
			if err != nil {
				b.Fatal(err)
			}
			defer path.close()
			path.open(&silentTun{closed: make(chan struct{})}, func(error) {})
			ranges := []netip.Prefix{netip.MustParsePrefix("34.118.224.0/20"), netip.MustParsePrefix("198.19.64.0/20")}
			if name == "mapped" {
				mapped, problem := wantedMapping(nil, []wire.Mapping{{Real: "34.118.224.0/20", Virtual: "198.19.64.0/20"}})
				if problem != nil {
					b.Fatal(problem)
				}
				path.setMapping(mapped)
				ranges = ranges[1:]
			}
			path.setRanges(gate.Whole(ranges...))
			near, data := netip.MustParseAddrPort("198.18.5.2:5000"), make([]byte, 1300)
			asked := packet.DatagramOf(near, netip.MustParseAddrPort(known), data)
			answered := packet.DatagramOf(netip.MustParseAddrPort("34.118.224.7:53"), near, data)
			heard := func([]byte) bool { return false }
			out, passing := make([]byte, len(asked)), make([][]byte, 1)
			b.ReportAllocs()
			for b.Loop() {
				copy(out, asked)
				path.outbound(out)
				copy(out, answered)
				passing[0] = out
				path.receive(0, passing, heard)
			}
			if path.counters().PacketsDown == 0 {
				b.Fatal("no answer came in")
			}
		})
	}
}
