package engine

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
	"golang.zx2c4.com/wireguard/tun"

	"slipway/native/internal/hostnet/routes"
	"slipway/native/internal/virtuallaptop"
	"slipway/native/internal/wire"
)

// modeProxy is the mode of names where nothing of the laptop's own naming is touched: programs come through the proxy, which asks.
const modeProxy = "proxy"

// resolvConf is where the laptop's own nameservers stand, on systems that have it.
const resolvConf = "/etc/resolv.conf"

// lookEvery is between two looks at it: another network has other nameservers.
const lookEvery = 3 * time.Second

// withoutHelper stands where the root helper does, for a connection that changes nothing of the laptop: the interface is one of
// this process's memory, and its ranges collide with nothing, for no program goes there by itself.
type withoutHelper struct {
	build   string
	file    string // resolvConf
	changes chan wire.HostInspection
	lost    chan struct{} // never closed: nothing can be lost
	ended   chan struct{}
	once    sync.Once
	laptop  *virtuallaptop.Laptop // from OpenTun on; it belongs to the path
	mutex   sync.Mutex
	decided wire.RouteDecisions // the last
}

var _ Helper = (*withoutHelper)(nil)

func newWithoutHelper(build, file string) *withoutHelper {
	helper := &withoutHelper{
		build: build, file: file, changes: make(chan wire.HostInspection, 1), lost: make(chan struct{}), ended: make(chan struct{}),
	}
	go helper.follow()
	return helper
}

// follow tells of other nameservers.
func (helper *withoutHelper) follow() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	before := helper.inspect()
	for {
		select {
		case <-helper.ended:
			return
		case <-ticker.C:
		}
		if now := helper.inspect(); !isSameHost(before, now) {
			before = now
			replace(helper.changes, now)
		}
	}
}

func isSameHost(one, other wire.HostInspection) bool {
	return slices.Equal(one.Upstreams, other.Upstreams) && slices.Equal(one.Domains, other.Domains)
}

func (helper *withoutHelper) inspect() wire.HostInspection {
	host := wire.HostInspection{ResolverMode: "resolv-conf", TunAvailable: true}
	if read, err := dns.ClientConfigFromFile(helper.file); err == nil {
		host.Upstreams, host.Domains = read.Servers, read.Search
	}
	return host
}

// Hello implements Helper.
func (helper *withoutHelper) Hello() wire.Hello {
	return wire.Hello{Protocol: wire.Protocol, Build: helper.build, Role: "none"}
}

// Inspect implements Helper.
func (helper *withoutHelper) Inspect(context.Context) (wire.HostInspection, error) {
	return helper.inspect(), nil
}

// CheckRoutes implements Helper: what no cluster may claim on any laptop is refused here, too, and nothing else is. No range is
// narrowed or cut, for no network of the laptop is in its way.
func (helper *withoutHelper) CheckRoutes(_ context.Context, input wire.RoutesInput) (wire.RouteDecisions, error) {
	var prefixes []string
	for _, wanted := range input.Ranges {
		prefixes = append(prefixes, wanted.Prefix)
	}
	decided := wire.RouteDecisions{Decisions: []wire.RouteDecision{}}
	for _, planned := range routes.Plan(wire.RoutesInput{Ranges: wire.WantRouted(prefixes...)}, nil, routes.Laptop{}) {
		decided.Decisions = append(decided.Decisions, planned.Decision)
	}
	return decided, nil
}

// Acquire implements Helper: there is nothing that only one may have.
func (helper *withoutHelper) Acquire(context.Context, wire.AcquireInput) (wire.Lease, error) {
	return wire.Lease{}, nil
}

// OpenTun implements Helper.
func (helper *withoutHelper) OpenTun(_ context.Context, input wire.OpenTunInput) (wire.TunOpened, tun.Device, error) {
	var addresses []netip.Addr
	for _, text := range input.Addresses {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			addresses = append(addresses, prefix.Addr())
		}
	}
	laptop, err := virtuallaptop.New(input.MTU, addresses...)
	if err != nil {
		return wire.TunOpened{}, nil, err
	}
	helper.laptop = laptop
	return wire.TunOpened{}, laptop, nil
}

// SetRoutes implements Helper.
func (helper *withoutHelper) SetRoutes(ctx context.Context, input wire.RoutesInput) (wire.RouteDecisions, error) {
	decided, err := helper.CheckRoutes(ctx, input)
	helper.mutex.Lock()
	defer helper.mutex.Unlock()
	helper.decided = decided
	return decided, err
}

// SetHosts implements Helper: nothing is narrowed to them.
func (helper *withoutHelper) SetHosts(context.Context, wire.HostsInput) (wire.RouteDecisions, error) {
	helper.mutex.Lock()
	defer helper.mutex.Unlock()
	return helper.decided, nil
}

// SetNames implements Helper.
func (helper *withoutHelper) SetNames(_ context.Context, input wire.NamesInput) (wire.NamesInForce, error) {
	return wire.NamesInForce{Mode: modeProxy, Upstreams: helper.inspect().Upstreams, Search: input.Search}, nil
}

// Filters implements Helper: what programs send by the proxy passes no packet filter on its way.
func (helper *withoutHelper) Filters(context.Context) (wire.Filters, error) {
	return wire.Filters{}, nil
}

// FlushNames implements Helper: programs that ask the proxy keep nothing.
func (helper *withoutHelper) FlushNames(context.Context) error { return nil }

// Release implements Helper.
func (helper *withoutHelper) Release(context.Context) (wire.Released, error) {
	return wire.Released{}, helper.Close()
}

// Close implements Helper.
func (helper *withoutHelper) Close() error {
	helper.once.Do(func() { close(helper.ended) })
	return nil
}

// HostChanged implements Helper.
func (helper *withoutHelper) HostChanged() <-chan wire.HostInspection { return helper.changes }

// RoutesChanged implements Helper: nothing withdraws a range.
func (helper *withoutHelper) RoutesChanged() <-chan wire.RouteDecisions { return nil }

// NetworkTouched implements Helper.
func (helper *withoutHelper) NetworkTouched() <-chan wire.TunnelUpkeep { return nil }

// Lost implements Helper.
func (helper *withoutHelper) Lost() <-chan struct{} { return helper.lost }

// Err implements Helper.
func (helper *withoutHelper) Err() error { return nil }
