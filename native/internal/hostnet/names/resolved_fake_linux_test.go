package names

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/godbus/dbus/v5"
)

// fakeResolved is a stand-in for systemd-resolved on a real bus: the part of org.freedesktop.resolve1(5) that sets
// and tells servers and domains of links. It passes the same tests as the real one (resolved_linux_test.go).
type fakeResolved struct {
	mu    sync.Mutex
	links map[int32]*fakeLink
}

type fakeLink struct {
	servers      []linkServer
	domains      []linkDomain
	defaultRoute bool
}

// playResolved serves until SIGTERM.
func playResolved() error {
	conn, err := dbus.Connect(systemBus)
	if err != nil {
		return err
	}
	fake := &fakeResolved{links: map[int32]*fakeLink{}}
	if err := conn.Export(fake, resolvedPath, resolvedInterface); err != nil {
		return err
	}
	properties := fakeProperties{fake}
	if err := conn.ExportSubtree(properties, resolvedPath, "org.freedesktop.DBus.Properties"); err != nil {
		return err
	}
	if _, err := conn.RequestName(resolvedName, dbus.NameFlagDoNotQueue); err != nil {
		return err
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	<-ended
	return nil
}

func (fake *fakeResolved) change(index int32, how func(*fakeLink)) *dbus.Error {
	if _, err := net.InterfaceByIndex(int(index)); err != nil {
		return dbus.NewError("org.freedesktop.resolve1.NoSuchLink", []any{fmt.Sprintf("Link %d not known", index)})
	}
	fake.mu.Lock()
	defer fake.mu.Unlock()
	link := fake.links[index]
	if link == nil {
		link = &fakeLink{defaultRoute: true}
		fake.links[index] = link
	}
	how(link)
	return nil
}

func (fake *fakeResolved) SetLinkDNS(index int32, servers []linkServer) *dbus.Error {
	return fake.change(index, func(link *fakeLink) { link.servers = servers })
}

func (fake *fakeResolved) SetLinkDomains(index int32, domains []linkDomain) *dbus.Error {
	return fake.change(index, func(link *fakeLink) { link.domains = domains })
}

func (fake *fakeResolved) SetLinkDefaultRoute(index int32, enabled bool) *dbus.Error {
	return fake.change(index, func(link *fakeLink) { link.defaultRoute = enabled })
}

func (fake *fakeResolved) SetLinkLLMNR(index int32, _ string) *dbus.Error {
	return fake.change(index, func(*fakeLink) {})
}

func (fake *fakeResolved) SetLinkMulticastDNS(index int32, _ string) *dbus.Error {
	return fake.change(index, func(*fakeLink) {})
}

func (fake *fakeResolved) SetLinkDNSSEC(index int32, _ string) *dbus.Error {
	return fake.change(index, func(*fakeLink) {})
}

func (fake *fakeResolved) SetLinkDNSOverTLS(index int32, _ string) *dbus.Error {
	return fake.change(index, func(*fakeLink) {})
}

func (fake *fakeResolved) FlushCaches() *dbus.Error { return nil }

func (fake *fakeResolved) RevertLink(index int32) *dbus.Error {
	return fake.change(index, func(link *fakeLink) { *link = fakeLink{defaultRoute: true} })
}

func (fake *fakeResolved) GetLink(index int32) (dbus.ObjectPath, *dbus.Error) {
	return dbus.ObjectPath(fmt.Sprintf("%s/link/%d", resolvedPath, index)), nil
}

// fakeProperties answers for the manager and for every link below it.
type fakeProperties struct{ fake *fakeResolved }

func (properties fakeProperties) Get(message dbus.Message, _, name string) (dbus.Variant, *dbus.Error) {
	fake := properties.fake
	fake.mu.Lock()
	defer fake.mu.Unlock()
	type server struct {
		Link    int32
		Family  int32
		Address []byte
	}
	type domain struct {
		Link        int32
		Name        string
		RoutingOnly bool
	}
	servers, domains := []server{}, []domain{}
	for index, link := range fake.links {
		if _, err := net.InterfaceByIndex(int(index)); err != nil {
			continue // settings go with the link
		}
		for _, each := range link.servers {
			servers = append(servers, server{index, each.Family, each.Address})
		}
		for _, each := range link.domains {
			domains = append(domains, domain{index, each.Name, each.RoutingOnly})
		}
	}
	switch name {
	case "DNS":
		return dbus.MakeVariant(servers), nil
	case "Domains":
		return dbus.MakeVariant(domains), nil
	case "DefaultRoute":
		var index int32
		path, _ := message.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
		fmt.Sscanf(string(path), resolvedPath+"/link/%d", &index)
		link := fake.links[index]
		return dbus.MakeVariant(link != nil && link.defaultRoute), nil
	}
	return dbus.Variant{}, dbus.NewError("org.freedesktop.DBus.Error.UnknownProperty", nil)
}
