package tundev

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/dumps"
)

const devicePath = "/dev/net/tun"

const addressModeNone = 1 // IN6_ADDR_GEN_MODE_NONE of linux/if_link.h

// Available tells whether a TUN can be opened here.
func Available() bool {
	descriptor, err := unix.Open(devicePath, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	unix.Close(descriptor) // an interface comes only with TUNSETIFF
	return true
}

// NewAlias returns an alias that no other interface has, to be journalled before Open.
func NewAlias() string { return aliasPrefix + rand.Text() }

// Open makes the interface, up, with its addresses of IPv4, and without IPv6: Repair gives it addresses of that. It
// returns its nonblocking descriptor. The interface lives as long as a copy of the descriptor does. On an error nothing is
// left.
func Open(alias string, mtu int, addresses []netip.Prefix) (Interface, *os.File, error) {
	descriptor, err := unix.Open(devicePath, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return Interface{}, nil, fmt.Errorf("open %s: %w", devicePath, err)
	}
	made, err := configure(descriptor, alias, mtu, addresses)
	if err != nil {
		unix.Close(descriptor)
		return Interface{}, nil, err
	}
	return made, os.NewFile(uintptr(descriptor), devicePath), nil
}

func configure(descriptor int, alias string, mtu int, addresses []netip.Prefix) (Interface, error) {
	request, err := unix.NewIfreq(NamePrefix + "%d") // the kernel puts the next free number in
	if err != nil {
		return Interface{}, fmt.Errorf("name the interface: %w", err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(descriptor, unix.TUNSETIFF, request); err != nil {
		return Interface{}, fmt.Errorf("make the interface: %w", err)
	}
	link, err := netlink.LinkByName(request.Name())
	if err != nil {
		return Interface{}, fmt.Errorf("find the interface: %w", err)
	}
	made := Interface{Name: link.Attrs().Name, Index: link.Attrs().Index}
	if err := netlink.LinkSetAlias(link, alias); err != nil {
		return made, fmt.Errorf("set alias: %w", err)
	}
	if err := netlink.LinkSetMTU(link, mtu); err != nil {
		return made, fmt.Errorf("set MTU: %w", err)
	}
	if err := netlink.LinkSetTxQLen(link, QueueLength); err != nil {
		return made, fmt.Errorf("set queue length: %w", err)
	}
	silenceIPv6(link)
	for _, prefix := range addresses {
		address, err := netlink.ParseAddr(prefix.String())
		if err != nil {
			return made, fmt.Errorf("add address: %w", err)
		}
		if err := netlink.AddrAdd(link, address); err != nil {
			return made, fmt.Errorf("add address: %w", err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return made, fmt.Errorf("bring the interface up: %w", err)
	}
	return made, nil
}

// silenceIPv6 keeps router solicitations and the like out of the tunnel. Where /proc/sys is read-only, having no
// link-local address does nearly as much; without either the tunnel still works, so errors are no reason to fail.
func silenceIPv6(link netlink.Link) {
	_ = netlink.LinkSetIP6AddrGenMode(link, addressModeNone)
	_ = setIPv6(link, "disable_ipv6", "1")
}

// allowIPv6 lets the interface have an address of IPv6, also where a laptop wants none on its others. It still asks for no
// router, and believes none.
func allowIPv6(link netlink.Link) {
	_ = netlink.LinkSetIP6AddrGenMode(link, addressModeNone)
	_ = setIPv6(link, "accept_ra", "0")
	_ = setIPv6(link, "disable_ipv6", "0")
}

func setIPv6(link netlink.Link, setting, value string) error {
	return os.WriteFile(filepath.Join("/proc/sys/net/ipv6/conf", link.Attrs().Name, setting), []byte(value), 0)
}

// Close deletes the interface that carries alias, whatever its name is now. None there is no error.
func Close(alias string) error {
	if !strings.HasPrefix(alias, aliasPrefix) {
		return fmt.Errorf("delete the interface: %q is no alias of ours", alias)
	}
	links, err := dumps.Settled(netlink.LinkList)
	if err != nil {
		return fmt.Errorf("list links: %w", err)
	}
	for _, link := range links {
		if !isTun(link) || link.Attrs().Alias != alias {
			continue
		}
		if err := netlink.LinkDel(link); err != nil && !gone(err) {
			return fmt.Errorf("delete the interface: %w", err)
		}
	}
	return nil
}

func gone(err error) bool {
	var notFound netlink.LinkNotFoundError
	return errors.Is(err, unix.ENODEV) || errors.As(err, &notFound)
}

// Find returns the index of the interface that carries alias, 0 where there is none.
func Find(alias string) int {
	if !strings.HasPrefix(alias, aliasPrefix) {
		return 0
	}
	links, err := dumps.Settled(netlink.LinkList)
	if err != nil {
		return 0
	}
	for _, link := range links {
		if isTun(link) && link.Attrs().Alias == alias {
			return link.Attrs().Index
		}
	}
	return 0
}

func isTun(link netlink.Link) bool { return link.Type() == "tuntap" || link.Type() == "tun" }
