package shell

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
)

const (
	resolversFile = "/etc/resolv.conf"
	// resolverPatience is for one resolver of several; resolv.conf(5) has five seconds by default.
	resolverPatience = 2 * time.Second
	dnsPort          = 53
)

var resolverAddress = netip.AddrPortFrom(outsideAddress, dnsPort)

// laptopResolvers are those of the laptop as it is now: it may have roamed.
func laptopResolvers() []netip.AddrPort {
	content, err := os.ReadFile(resolversFile)
	if err != nil {
		return nil
	}
	return resolversIn(string(content))
}

// resolversIn reads resolv.conf(5). Without any line the resolver is on the laptop itself.
func resolversIn(content string) (servers []netip.AddrPort) {
	for line := range strings.Lines(content) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "nameserver" {
			continue
		}
		if address, err := netip.ParseAddr(words[1]); err == nil {
			servers = append(servers, netip.AddrPortFrom(address, dnsPort))
		}
	}
	if len(servers) == 0 {
		servers = append(servers, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), dnsPort))
	}
	return servers
}

// resolversForInside is the laptop's file with the one resolver that the namespace has.
func resolversForInside(content string) string {
	lines := []string{"nameserver " + outsideAddress.String()}
	for line := range strings.Lines(content) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "nameserver" && !strings.ContainsAny(words[0][:1], "#;") {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// answerNames asks the laptop's resolvers what one socket of the namespace asks.
func answerNames(near *gonet.UDPConn) {
	defer near.Close()
	for {
		query := make([]byte, 65535)
		_ = near.SetReadDeadline(time.Now().Add(datagramIdle))
		length, err := near.Read(query)
		if err != nil {
			return
		}
		go func() {
			if answer := askInTurn(query[:length], laptopResolvers()); answer != nil {
				_, _ = near.Write(answer)
			}
		}()
	}
}

// askInTurn returns the first answer, nil where none comes.
func askInTurn(query []byte, servers []netip.AddrPort) []byte {
	for _, server := range servers {
		if answer := askOne(query, server); answer != nil {
			return answer
		}
	}
	return nil
}

func askOne(query []byte, server netip.AddrPort) []byte {
	far, err := net.Dial("udp", server.String())
	if err != nil {
		return nil
	}
	defer far.Close()
	_ = far.SetDeadline(time.Now().Add(resolverPatience))
	if _, err := far.Write(query); err != nil {
		return nil
	}
	answer := make([]byte, 65535)
	length, err := far.Read(answer)
	if err != nil {
		return nil
	}
	return answer[:length]
}
