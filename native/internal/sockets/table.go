package sockets

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"net/netip"
	"strconv"
)

// entry is one line of the kernel's table.
type entry struct {
	pair  Pair
	uid   uint32
	inode uint64 // of the socket; 0 where no process holds it any more
}

// Columns of /proc/net/tcp and tcp6 (Documentation/networking/proc_net_tcp.rst in the kernel's sources).
const (
	columnLocal  = 1
	columnRemote = 2
	columnUID    = 7
	columnInode  = 9
)

// errTable says that a table is not what it is on Linux.
var errTable = errors.New("read socket table: malformed")

// readTable calls for each entry of a table; the first line is a heading.
func readTable(table io.Reader, each func(entry)) error {
	scanner := bufio.NewScanner(table)
	scanner.Scan()
	for scanner.Scan() {
		read, err := parseEntry(scanner.Bytes())
		if err != nil {
			return err
		}
		each(read)
	}
	return scanner.Err()
}

func parseEntry(line []byte) (read entry, err error) {
	column := 0
	for field := range bytes.FieldsSeq(line) {
		switch column {
		case columnLocal:
			read.pair.Local, err = parseEndpoint(field)
		case columnRemote:
			read.pair.Remote, err = parseEndpoint(field)
		case columnUID:
			var uid uint64
			uid, err = strconv.ParseUint(string(field), 10, 32)
			read.uid = uint32(uid)
		case columnInode:
			read.inode, err = strconv.ParseUint(string(field), 10, 64)
		}
		if err != nil {
			return entry{}, errTable
		}
		if column++; column > columnInode {
			return read, nil
		}
	}
	return entry{}, errTable
}

// parseEndpoint reads an address as words of 32 bits in the machine's own order, a colon, and the port, all in
// hexadecimal. IPv4 within IPv6 is IPv4.
func parseEndpoint(field []byte) (netip.AddrPort, error) {
	words, port, found := bytes.Cut(field, []byte{':'})
	if !found || len(words) != 8 && len(words) != 32 {
		return netip.AddrPort{}, errTable
	}
	var raw [16]byte
	if _, err := hex.Decode(raw[:], words); err != nil {
		return netip.AddrPort{}, errTable
	}
	number, err := strconv.ParseUint(string(port), 16, 16)
	if err != nil {
		return netip.AddrPort{}, errTable
	}
	count := len(words) / 2
	for at := 0; at < count; at += 4 {
		binary.NativeEndian.PutUint32(raw[at:], binary.BigEndian.Uint32(raw[at:]))
	}
	address, _ := netip.AddrFromSlice(raw[:count])
	return netip.AddrPortFrom(address.Unmap(), uint16(number)), nil
}
