package tundev

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"slipway/native/internal/dumps"
)

// lackingLink is what Lacking calls an interface that is down.
const lackingLink = "link"

// Lacking tells what our interface lacks: "link" where it is down, and each of the addresses that it should have. It
// is fs.ErrNotExist where no interface has both index and alias: an index alone may be another interface's by now.
func Lacking(alias string, index int, addresses []netip.Addr) (lacking []string, err error) {
	link, err := own(alias, index)
	if err != nil {
		return nil, err
	}
	if link.Attrs().Flags&net.FlagUp == 0 {
		lacking = append(lacking, lackingLink)
	}
	absent, err := absentAddresses(link, addresses)
	for _, address := range absent {
		lacking = append(lacking, address.String())
	}
	return lacking, err
}

// Repair brings our interface up and gives it the addresses that it lacks.
func Repair(alias string, index int, addresses []netip.Addr) error {
	link, err := own(alias, index)
	if err != nil {
		return err
	}
	absent, err := absentAddresses(link, addresses)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(absent, netip.Addr.Is6) {
		allowIPv6(link)
	}
	for _, address := range absent {
		wanted := &netlink.Addr{IPNet: &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(address.BitLen(), address.BitLen())}}
		if address.Is6() {
			wanted.Flags = unix.IFA_F_NODAD // else it is tentative for a moment, and no route may have it as its source
		}
		if err := netlink.AddrAdd(link, wanted); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("add address: %w", err)
		}
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("bring the interface up: %w", err)
	}
	return nil
}

func own(alias string, index int) (netlink.Link, error) {
	link, err := netlink.LinkByIndex(index)
	if err != nil && gone(err) || err == nil && (!isTun(link) || link.Attrs().Alias != alias) {
		return nil, fs.ErrNotExist
	}
	return link, err
}

func absentAddresses(link netlink.Link, wanted []netip.Addr) (absent []netip.Addr, err error) {
	found, err := dumps.Settled(func() ([]netlink.Addr, error) { return netlink.AddrList(link, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("list addresses: %w", err)
	}
	has := map[netip.Addr]struct{}{}
	for _, each := range found {
		if address, known := netip.AddrFromSlice(each.IP); known {
			has[address.Unmap()] = struct{}{}
		}
	}
	for _, address := range wanted {
		if _, known := has[address]; !known {
			absent = append(absent, address)
		}
	}
	return absent, nil
}
