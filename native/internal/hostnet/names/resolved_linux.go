package names

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// D-Bus interface of systemd-resolved: org.freedesktop.resolve1(5).
const (
	// The address is fixed: an environment variable of whoever started the helper must not choose root's bus.
	systemBus         = "unix:path=/run/dbus/system_bus_socket"
	resolvedName      = "org.freedesktop.resolve1"
	resolvedPath      = "/org/freedesktop/resolve1"
	resolvedInterface = "org.freedesktop.resolve1.Manager"
	linkInterface     = "org.freedesktop.resolve1.Link"
	busTimeout        = 2 * time.Second
)

// resolved is a connection to the systemd-resolved of this network namespace.
type resolved struct {
	conn    *dbus.Conn
	manager dbus.BusObject
}

// connectResolved fails where no resolved runs, or only one of another network namespace.
func connectResolved() (*resolved, error) {
	conn, err := dbus.Dial(systemBus)
	if err != nil {
		return nil, fmt.Errorf("dial system bus: %w", err)
	}
	stuck := time.AfterFunc(busTimeout, func() { conn.Close() })
	defer stuck.Stop()
	err = conn.Auth([]dbus.Auth{dbus.AuthExternal(strconv.Itoa(os.Geteuid()))})
	if err == nil {
		err = conn.Hello()
	}
	bus := &resolved{conn: conn, manager: conn.Object(resolvedName, resolvedPath)}
	if err == nil {
		err = bus.checkOwner()
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("connect to systemd-resolved: %w", err)
	}
	return bus, nil
}

func (bus *resolved) close() { bus.conn.Close() }

func (bus *resolved) checkOwner() error {
	ctx, cancel := context.WithTimeout(context.Background(), busTimeout)
	defer cancel()
	var owned bool
	if err := bus.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, resolvedName).Store(&owned); err != nil {
		return err
	}
	if !owned {
		return errors.New("it does not run")
	}
	var process uint32
	err := bus.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetConnectionUnixProcessID", 0, resolvedName).Store(&process)
	if err != nil || process == 0 {
		return nil // a bus that does not tell; the usual case is that there is only one namespace
	}
	// A container or namespace may see the bus of the machine around it, whose resolved knows other links.
	var theirs, ours unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d/ns/net", process), &theirs) == nil &&
		unix.Stat("/proc/thread-self/ns/net", &ours) == nil && theirs.Ino != ours.Ino {
		return errors.New("it serves another network namespace")
	}
	return nil
}

func (bus *resolved) call(method string, arguments ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), busTimeout)
	defer cancel()
	// Nobody's to start here: an administrator may have stopped it.
	return bus.manager.CallWithContext(ctx, resolvedInterface+"."+method, dbus.FlagNoAutoStart, arguments...).Err
}

type linkServer struct {
	Family  int32
	Address []byte
}

type linkDomain struct {
	Name        string
	RoutingOnly bool
}

// set puts resolver and domains on the link. Search domains route as well, so they come without the routing mark.
func (bus *resolved) set(link int, resolver netip.Addr, search, routing []string) error {
	var domains []linkDomain
	for _, name := range search {
		domains = append(domains, linkDomain{name, false})
	}
	for _, name := range routing {
		if !slices.Contains(search, name) {
			domains = append(domains, linkDomain{name, true})
		}
	}
	index := int32(link)
	servers := []linkServer{{familyOf(resolver), resolver.AsSlice()}}
	if err := bus.setServers(index, servers); err != nil {
		return fmt.Errorf("set the link's resolver: %w", err)
	}
	err := bus.call("SetLinkDomains", index, domains)
	if err != nil {
		// Older versions take few domains only ("Argument list too long"); reverse zones are the first to go.
		domains = slices.DeleteFunc(domains, func(domain linkDomain) bool { return strings.HasSuffix(domain.Name, ".arpa") })
		err = bus.call("SetLinkDomains", index, domains)
	}
	if err != nil {
		return fmt.Errorf("set the link's domains: %w", err)
	}
	// The rest is refinement, and some of it is missing in old versions: a link with routing domains only is no
	// default route by itself; validation and encryption would keep a cluster's own names from being answered.
	_ = bus.call("SetLinkDefaultRoute", index, false)
	_ = bus.call("SetLinkLLMNR", index, "no")
	_ = bus.call("SetLinkMulticastDNS", index, "no")
	_ = bus.call("SetLinkDNSSEC", index, "no")
	_ = bus.call("SetLinkDNSOverTLS", index, "no")
	_ = bus.call("FlushCaches")
	return nil
}

func familyOf(address netip.Addr) int32 {
	if address.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// setServers waits for resolved to have seen a link that was made a moment ago.
func (bus *resolved) setServers(index int32, servers []linkServer) (err error) {
	for range 20 {
		err = bus.call("SetLinkDNS", index, servers)
		var answer dbus.Error
		if !errors.As(err, &answer) || answer.Name != "org.freedesktop.resolve1.NoSuchLink" {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

func (bus *resolved) revert(link int) error {
	err := bus.call("RevertLink", int32(link))
	_ = bus.call("FlushCaches")
	var answer dbus.Error
	if errors.As(err, &answer) && answer.Name == "org.freedesktop.resolve1.NoSuchLink" {
		return nil
	}
	return err
}

// resolvers returns the servers that resolved asks for ordinary names (the global ones and those of links that are
// default routes), and the domains of all links; all without the link own.
func (bus *resolved) resolvers(own int) (found Resolvers, err error) {
	found.Mode = ModeResolved
	servers, err := bus.servers()
	if err != nil {
		return found, err
	}
	object := known(bus.link)
	ordinary := known(func(link int32) bool { return link == 0 || bus.isDefaultRoute(object(link)) })
	mode := known(func(link int32) string {
		if link == 0 { // the global ones
			return bus.overTLS(bus.manager, resolvedInterface+".DNSOverTLS")
		}
		return bus.overTLS(object(link), linkInterface+".DNSOverTLS")
	})
	found.Upstreams, found.Others = sortServers(servers, own, ordinary, mode, interfaceName)
	var domains []struct {
		Link        int32
		Name        string
		RoutingOnly bool
	}
	if err := bus.property(bus.manager, resolvedInterface+".Domains", &domains); err != nil {
		return found, fmt.Errorf("read resolved's domains: %w", err)
	}
	for _, domain := range domains {
		if int(domain.Link) == own && own != 0 {
			continue
		}
		found.Domains = append(found.Domains, domain.Name)
		if !domain.RoutingOnly && !slices.Contains(found.Search, domain.Name) {
			found.Search = append(found.Search, domain.Name)
		}
	}
	return found, nil
}

// known asks once for each link.
func known[Answer any](ask func(link int32) Answer) func(link int32) Answer {
	answers := map[int32]Answer{}
	return func(link int32) Answer {
		answer, isKnown := answers[link]
		if !isKnown {
			answer = ask(link)
			answers[link] = answer
		}
		return answer
	}
}

func (bus *resolved) isDefaultRoute(link dbus.BusObject) bool {
	if link == nil {
		return false
	}
	defaultRoute := true // versions before 240 have no such property
	_ = bus.property(link, linkInterface+".DefaultRoute", &defaultRoute)
	return defaultRoute
}

// overTLS is the mode of the servers that property is of: yes, opportunistic or no.
func (bus *resolved) overTLS(object dbus.BusObject, property string) string {
	mode := "no" // versions before 239 have no such property
	if object != nil {
		_ = bus.property(object, property, &mode)
	}
	return mode
}

// link is nil where resolved knows none with that index.
func (bus *resolved) link(index int32) dbus.BusObject {
	ctx, cancel := context.WithTimeout(context.Background(), busTimeout)
	defer cancel()
	var path dbus.ObjectPath
	if err := bus.manager.CallWithContext(ctx, resolvedInterface+".GetLink", 0, index).Store(&path); err != nil {
		return nil
	}
	return bus.conn.Object(resolvedName, path)
}

func (bus *resolved) property(object dbus.BusObject, name string, into any) error {
	ctx, cancel := context.WithTimeout(context.Background(), busTimeout)
	defer cancel()
	position := strings.LastIndexByte(name, '.')
	var value dbus.Variant
	err := object.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, name[:position], name[position+1:]).Store(&value)
	if err != nil {
		return err
	}
	return value.Store(into)
}

// watchRestart calls restarted whenever a new resolved takes the name, until the connection is closed.
func (bus *resolved) watchRestart(restarted func()) error {
	if err := bus.conn.AddMatchSignal(
		dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"),
		dbus.WithMatchArg(0, resolvedName),
	); err != nil {
		return fmt.Errorf("watch systemd-resolved: %w", err)
	}
	signals := make(chan *dbus.Signal, 16)
	bus.conn.Signal(signals)
	go func() {
		for signal := range signals {
			if signal.Name != "org.freedesktop.DBus.NameOwnerChanged" || len(signal.Body) != 3 {
				continue
			}
			if owner, isText := signal.Body[2].(string); isText && owner != "" {
				restarted()
			}
		}
	}()
	return nil
}

// UndoResolved takes the settings off the link. Where resolved or the link is gone, so are they.
func UndoResolved(link int) error {
	bus, err := connectResolved()
	if err != nil {
		return nil
	}
	defer bus.close()
	if err := bus.revert(link); err != nil {
		return fmt.Errorf("undo resolver settings: %w", err)
	}
	return nil
}
