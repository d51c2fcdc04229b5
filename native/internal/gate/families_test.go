package gate

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/header"

	"slipway/native/internal/packet"
)

// family is one laptop and what is around it.
type family struct {
	laptop, router, pod, service, lan, internet, loopback, group netip.Addr
	ranges                                                       []netip.Prefix
}

func familyOf(addresses ...string) *family {
	of := func(index int) netip.Addr { return netip.MustParseAddr(addresses[index]) }
	return &family{
		laptop: of(0), router: of(1), pod: of(2), service: of(3), lan: of(4), internet: of(5), loopback: of(6), group: of(7),
		ranges: []netip.Prefix{netip.MustParsePrefix(addresses[8]), netip.MustParsePrefix(addresses[9])},
	}
}

var families = map[string]*family{
	"IPv4": familyOf("198.18.5.2", "198.18.0.1", "10.244.7.7", "10.96.0.10", "192.168.77.1", "8.8.8.8", "127.0.0.1", "224.0.0.1",
		"10.244.0.0/16", "10.96.0.0/12"),
	"IPv6": familyOf("fd18::5:2", "fd18::1", "fd00:244::7", "fd00:96::10", "fe80::1", "2001:4860::8888", "::1", "ff02::1",
		"fd00:244::/64", "fd00:96::/108"),
}

func (family *family) flow(port, farPort uint16) packet.Flow {
	return packet.Flow{Source: family.laptop, Destination: family.pod, SourcePort: port, DestinationPort: farPort, Protocol: packet.TCP}
}

// segment is a TCP packet in the direction of flow.
func segment(flow packet.Flow, flags header.TCPFlags) []byte {
	raw := packet.Reset(flow, 1000)
	header.TCP(raw[len(raw)-header.TCPMinimumSize:]).SetFlags(uint8(flags))
	return raw
}

func datagramFrom(source netip.Addr, port uint16, destination netip.Addr, toPort uint16, size int) []byte {
	return packet.DatagramOf(netip.AddrPortFrom(source, port), netip.AddrPortFrom(destination, toPort), make([]byte, size))
}

func (family *family) echo(from, to netip.Addr, identifier, sequence uint16) []byte {
	return packet.Echo(from, to, identifier, sequence, []byte("ping"))
}

// reply answers an echo request, which may be of any length.
func reply(request []byte) []byte {
	parsed, _ := packet.Parse(request)
	return packet.Answer(parsed.Payload, parsed.Destination, parsed.Source, 64)
}

func about(raw []byte, failure packet.Failure, source netip.Addr) []byte {
	parsed, _ := packet.Parse(raw)
	return packet.Error(failure, source, &parsed)
}

// asked is the gate of a laptop that opened a connection, sent two datagrams and an echo request.
func (family *family) asked() *Gate {
	gate := New(packet.NewPerFamily(family.laptop))
	gate.SetRanges(Whole(family.ranges...))
	gate.SetRouter(packet.NewPerFamily(family.router))
	for _, raw := range [][]byte{
		segment(family.flow(40000, 80), header.TCPFlagSyn),
		datagramFrom(family.laptop, 5000, family.service, 53, 10),
		datagramFrom(family.laptop, 5001, family.pod, 9999, 10),
		family.echo(family.laptop, family.pod, 7, 1),
	} {
		parsed, _ := packet.Parse(raw)
		gate.Outbound(&parsed)
	}
	return gate
}

// admits gives the gate one packet and tells whether it came in, and what of it.
func admits(gate *Gate, raw []byte) (inside []byte, isIn bool) {
	raw = bytes.Clone(raw)
	parsed, ok := packet.Parse(raw)
	arrivals := gate.Arrivals()
	isIn = ok && arrivals.Admit(&parsed)
	arrivals.Done()
	return parsed.Raw, isIn
}

func (family *family) uninvited() map[string][]byte {
	known := family.flow(40000, 80)
	pod, laptop := family.pod, family.laptop
	asked := datagramFrom(laptop, 5000, family.service, 53, 10)
	messages := func(kind4, kind6, code uint8, body []byte) []byte {
		raw := packet.Answer(append(make([]byte, packet.MessageHeader), body...), pod, laptop, 64)
		kind := kind4
		if pod.Is6() {
			kind = kind6
		}
		raw[len(raw)-len(body)-packet.MessageHeader] = kind
		raw[len(raw)-len(body)-packet.MessageHeader+1] = code
		return raw
	}
	cases := map[string][]byte{
		"a SYN to a listener":             segment(family.flow(22, 4444).Reversed(), header.TCPFlagSyn),
		"a SYN on a known five-tuple":     segment(known.Reversed(), header.TCPFlagSyn),
		"no flags":                        segment(known.Reversed(), 0),
		"all flags":                       segment(known.Reversed(), 0x3f),
		"FIN alone":                       segment(known.Reversed(), header.TCPFlagFin),
		"SYN and FIN":                     segment(known.Reversed(), header.TCPFlagSyn|header.TCPFlagAck|header.TCPFlagFin),
		"SYN and RST":                     segment(known.Reversed(), header.TCPFlagSyn|header.TCPFlagRst),
		"PSH and URG":                     segment(known.Reversed(), header.TCPFlagPsh|header.TCPFlagUrg),
		"a segment of no connection":      segment(family.flow(40001, 80).Reversed(), header.TCPFlagAck),
		"a reset of no connection":        segment(family.flow(40001, 80).Reversed(), header.TCPFlagRst),
		"a datagram to another port":      datagramFrom(family.service, 53, laptop, 5002, 10),
		"a datagram from another port":    datagramFrom(family.service, 54, laptop, 5000, 10),
		"a datagram from another host":    datagramFrom(pod, 53, laptop, 5000, 10),
		"a datagram from the LAN":         datagramFrom(family.lan, 53, laptop, 5000, 10),
		"a datagram from the internet":    datagramFrom(family.internet, 53, laptop, 5000, 10),
		"a datagram from loopback":        datagramFrom(family.loopback, 53, laptop, 5000, 10),
		"a datagram from a group":         datagramFrom(family.group, 53, laptop, 5000, 10),
		"a datagram from the laptop":      datagramFrom(laptop, 53, laptop, 5000, 10),
		"a datagram from the router":      datagramFrom(family.router, 53, laptop, 5000, 10),
		"a datagram to loopback":          datagramFrom(family.service, 53, family.loopback, 5000, 10),
		"a datagram to a group":           datagramFrom(family.service, 53, family.group, 5000, 10),
		"a datagram to the LAN":           datagramFrom(family.service, 53, family.lan, 5000, 10),
		"an echo request":                 family.echo(pod, laptop, 7, 1),
		"a reply with another identifier": reply(family.echo(laptop, pod, 8, 1)),
		"a reply with another sequence":   reply(family.echo(laptop, pod, 7, 2)),
		"a reply of another host":         reply(family.echo(laptop, family.service, 7, 1)),
		"an error about nothing sent":     about(datagramFrom(laptop, 5003, pod, 53, 10), packet.PortUnreachable, pod),
		"an error about another's packet": about(datagramFrom(family.lan, 5000, family.service, 53, 10), packet.PortUnreachable, pod),
		"an error about a packet inward":  about(datagramFrom(family.service, 53, laptop, 5000, 10), packet.PortUnreachable, pod),
		"an error about an echo not sent": about(family.echo(laptop, pod, 7, 2), packet.HostUnreachable, pod),
		"an error that quotes nothing":    messages(3, 1, 3, nil),
		"an error that quotes rubbish":    messages(3, 1, 3, []byte{0x45, 0, 0}),
		"a redirect":                      messages(5, 137, 1, asked),
		"a source quench":                 messages(4, 200, 0, asked),
		"a timestamp or router message":   messages(13, 134, 0, make([]byte, 12)),
		"a mask or neighbour message":     messages(17, 136, 0, make([]byte, 20)),
		"another protocol":                otherProtocol(datagramFrom(family.service, 53, laptop, 5000, 10)),
		"a cut datagram":                  cut(datagramFrom(family.service, 53, laptop, 5000, 10)),
	}
	if laptop.Is4() {
		options := datagramFrom(family.service, 53, laptop, 5000, 4)
		options[0], options[20] = 0x46, 131 // loose source routing (RFC 791)
		header.IPv4(options).SetChecksum(0)
		header.IPv4(options).SetChecksum(^header.IPv4(options).CalculateChecksum())
		broken := datagramFrom(family.service, 53, laptop, 5000, 10)
		broken[10]++
		cases["IP options"], cases["a wrong header checksum"] = options, broken
		cases["a datagram to everybody"] = datagramFrom(family.service, 53, netip.AddrFrom4([4]byte{255, 255, 255, 255}), 5000, 10)
		cases["the other family"] = datagramFrom(families["IPv6"].service, 53, families["IPv6"].laptop, 5000, 10)
	} else {
		hop := datagramFrom(family.service, 53, laptop, 5000, 10)
		hop[6] = 0 // hop-by-hop options
		cases["extension headers"] = hop
		cases["the other family"] = datagramFrom(families["IPv4"].service, 53, families["IPv4"].laptop, 5000, 10)
	}
	return cases
}

func otherProtocol(raw []byte) []byte {
	if raw[0]>>4 == 6 {
		raw[6] = 132 // SCTP
		return raw
	}
	raw[9] = 132
	header.IPv4(raw).SetChecksum(0)
	header.IPv4(raw).SetChecksum(^header.IPv4(raw).CalculateChecksum())
	return raw
}

// cut says that it ends before its UDP header does.
func cut(raw []byte) []byte {
	if raw[0]>>4 == 6 {
		binary.BigEndian.PutUint16(raw[4:], 6)
		return raw[:46]
	}
	header.IPv4(raw).SetTotalLength(26)
	header.IPv4(raw).SetChecksum(0)
	header.IPv4(raw).SetChecksum(^header.IPv4(raw).CalculateChecksum())
	return raw[:26]
}
