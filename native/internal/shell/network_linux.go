package shell

import (
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// makeNetwork brings loopback up and makes the link to the laptop, with everything routed to it. The TUN lives as long as
// its descriptor does. The step is the one that failed.
func makeNetwork() (tun *os.File, step string, err error) {
	descriptor, err := unix.Open(tunDevice, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, openingTUN, err
	}
	tun = os.NewFile(uintptr(descriptor), "tun")
	if err := configureNetwork(descriptor); err != nil {
		tun.Close()
		return nil, "make the network", err
	}
	return tun, "", nil
}

func configureNetwork(descriptor int) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("bring loopback up: %w", err)
	}
	request, err := unix.NewIfreq("laptop")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(descriptor, unix.TUNSETIFF, request); err != nil {
		return fmt.Errorf("make the interface: %w", err)
	}
	link, err := netlink.LinkByName(request.Name())
	if err != nil {
		return err
	}
	if err := netlink.LinkSetMTU(link, linkMTU); err != nil {
		return fmt.Errorf("set MTU: %w", err)
	}
	address, err := netlink.ParseAddr(insideAddress.String())
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, address); err != nil {
		return fmt.Errorf("add address: %w", err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring the interface up: %w", err)
	}
	_, everything, _ := net.ParseCIDR("0.0.0.0/0")
	route := netlink.Route{LinkIndex: link.Attrs().Index, Dst: everything, Gw: net.IP(outsideAddress.AsSlice())}
	if err := netlink.RouteAdd(&route); err != nil {
		return fmt.Errorf("add the route to the laptop: %w", err)
	}
	// ping(8) without a right of its own (icmp(7)): the one group there is.
	_ = os.WriteFile("/proc/sys/net/ipv4/ping_group_range", []byte("0 0"), 0o644)
	return nil
}
