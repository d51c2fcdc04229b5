package hostnet

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"syscall"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// afterError is waited in case that an error of a socket comes again at once.
const afterError = 150 * time.Millisecond

// watched are the files that tell who answers names, and which domains are the laptop's own. Below /run/systemd they
// are systemd-resolved's list of the servers of all links, which it writes anew whenever one changes, and what it and
// systemd-networkd keep of each link: a routing-only domain (a VPN's) is told nowhere else.
var (
	watched        = []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf", "/etc/nsswitch.conf", "/etc/hosts"}
	watchedFolders = []string{"/run/systemd/resolve/netif", "/run/systemd/netif/links"}
)

// watchedGroups are the rtnetlink(7) groups of everything that the route policy reads, and rules.
var watchedGroups = []uint{
	unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR, unix.RTNLGRP_IPV4_ROUTE,
	unix.RTNLGRP_IPV6_ROUTE, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE,
}

func (linux) watch(done <-chan struct{}, poll time.Duration, happened func(int)) {
	go pollFiles(done, poll, func() { happened(resolverFiles) })
	// Where these fail, the poll still finds other resolvers, and the engine looks every few seconds.
	listen(done, happened, interfaceOf, unix.NETLINK_ROUTE, watchedGroups...)
	// Rules of iptables-nft are nftables' too; those of iptables-legacy tell nobody.
	inFilters := func(syscall.NetlinkMessage) int { return packetFilters }
	listen(done, happened, inFilters, unix.NETLINK_NETFILTER, unix.NFNLGRP_NFTABLES)
}

// listen tells what the messages of some groups of a netlink protocol are about.
func listen(done <-chan struct{}, happened func(int), about func(syscall.NetlinkMessage) int, protocol int, groups ...uint) {
	socket, err := nl.Subscribe(protocol, groups...)
	if err != nil {
		return
	}
	go func() {
		<-done
		socket.Close()
	}()
	go func() {
		for {
			messages, _, err := socket.Receive()
			select {
			case <-done:
				return
			default:
			}
			if err != nil { // ENOBUFS: more happened than the socket holds
				happened(about(syscall.NetlinkMessage{}))
				time.Sleep(afterError)
				continue
			}
			for _, message := range messages {
				happened(about(message))
			}
		}
	}()
}

// interfaceOf is the index of the interface that a message of rtnetlink(7) is about.
func interfaceOf(message syscall.NetlinkMessage) int {
	switch message.Header.Type {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		if len(message.Data) >= unix.SizeofIfInfomsg {
			return int(nl.DeserializeIfInfomsg(message.Data).Index)
		}
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		if len(message.Data) >= unix.SizeofIfAddrmsg {
			return int(nl.DeserializeIfAddrmsg(message.Data).Index)
		}
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		if len(message.Data) < unix.SizeofRtMsg {
			break
		}
		attributes, err := nl.ParseRouteAttr(message.Data[unix.SizeofRtMsg:])
		if err != nil {
			break
		}
		for _, attribute := range attributes {
			if attribute.Attr.Type == unix.RTA_OIF && len(attribute.Value) == 4 {
				return int(binary.NativeEndian.Uint32(attribute.Value))
			}
		}
	}
	return somewhere
}

func pollFiles(done <-chan struct{}, period time.Duration, changed func()) {
	poll := time.NewTicker(period)
	defer poll.Stop()
	seen := fingerprint()
	for {
		select {
		case <-done:
			return
		case <-poll.C:
		}
		if now := fingerprint(); !reflect.DeepEqual(now, seen) {
			seen = now
			changed()
		}
	}
}

type fileMark struct {
	inode, device uint64
	size          int64
	modified      time.Time
	target        string
}

func fingerprint() (marks []fileMark) {
	name, _ := os.Hostname()
	marks = append(marks, fileMark{target: name})
	paths := slices.Clone(watched)
	for _, folder := range watchedFolders {
		entries, _ := os.ReadDir(folder)
		for _, entry := range entries {
			paths = append(paths, filepath.Join(folder, entry.Name()))
		}
	}
	for _, path := range paths {
		var mark fileMark
		mark.target, _ = os.Readlink(path)
		if info, err := os.Stat(path); err == nil {
			mark.size, mark.modified = info.Size(), info.ModTime()
			if status, known := info.Sys().(*syscall.Stat_t); known {
				mark.inode, mark.device = status.Ino, status.Dev
			}
		}
		marks = append(marks, mark)
	}
	return marks
}
