package sockets

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

const heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// words writes an address as the kernel of this machine does.
func words(address netip.Addr) string {
	text, raw := "", address.AsSlice()
	for at := 0; at < len(raw); at += 4 {
		text += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(raw[at:]))
	}
	return text
}

func line(local, remote netip.AddrPort, uid uint32, inode uint64) string {
	return fmt.Sprintf("   0: %s:%04X %s:%04X 01 00000000:00000000 02:000005A8 00000000 %5d        0 %d 2 0000000000000000 20 4 30 10 -1\n",
		words(local.Addr()), local.Port(), words(remote.Addr()), remote.Port(), uid, inode)
}

func TestATableIsRead(t *testing.T) {
	local, remote := netip.MustParseAddrPort("198.18.0.2:40000"), netip.MustParseAddrPort("10.96.0.1:443")
	mapped := func(of netip.AddrPort) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom16(of.Addr().As16()), of.Port())
	}
	six := netip.MustParseAddrPort("[fd00::1:2]:5432")
	table := heading + line(local, remote, 1000, 77) + line(mapped(remote), mapped(local), 0, 1<<40) + line(six, six, 4294967295, 0)
	var got []entry
	if err := readTable(strings.NewReader(table), func(read entry) { got = append(got, read) }); err != nil {
		t.Fatal(err)
	}
	want := []entry{
		{Pair{local, remote}, 1000, 77},
		{Pair{remote, local}, 0, 1 << 40}, // IPv4 in an IPv6 socket, as Java has
		{Pair{six, six}, 4294967295, 0},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %v\nwant %v", got, want)
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	good := line(netip.MustParseAddrPort("1.2.3.4:5"), netip.MustParseAddrPort("6.7.8.9:10"), 1, 2)
	for _, bad := range []string{
		"\n", "x", "   0: 04030201:0005\n",
		strings.Replace(good, ":000A", ":", 1), strings.Replace(good, ":000A", ":1000A", 1),
		strings.Replace(good, words(netip.MustParseAddr("6.7.8.9")), "0608", 1),
		strings.Replace(good, words(netip.MustParseAddr("6.7.8.9")), "zzzzzzzz", 1),
		strings.Replace(good, "    1 ", "   -1 ", 1), strings.Replace(good, " 2 2 ", " inode 2 ", 1),
	} {
		if bad == good {
			t.Fatal("the case changes nothing")
		}
		if err := readTable(strings.NewReader(heading+bad), func(entry) {}); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if err := readTable(strings.NewReader(""), func(entry) { t.Error("of nothing") }); err != nil {
		t.Error(err)
	}
}

func FuzzParseEntry(f *testing.F) {
	f.Add([]byte(line(netip.MustParseAddrPort("1.2.3.4:5"), netip.MustParseAddrPort("[::1]:10"), 1, 2)))
	f.Fuzz(func(t *testing.T, line []byte) {
		if read, err := parseEntry(line); err == nil && (!read.pair.Local.IsValid() || !read.pair.Remote.IsValid()) {
			t.Errorf("%q is %v", line, read)
		}
	})
}
