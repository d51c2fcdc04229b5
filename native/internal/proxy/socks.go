package proxy

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Numbers of RFC 1928 and, for the credential, RFC 1929.
const (
	socksVersion      = 5
	credentialVersion = 1

	methodNone       = 0
	methodCredential = 2
	methodNoneFits   = 0xff

	commandConnect   = 1
	commandAssociate = 3

	addressIPv4 = 1
	addressName = 3
	addressIPv6 = 4
)

// Replies of RFC 1928, section 6.
const (
	replySucceeded          = 0
	replyFailed             = 1
	replyNotAllowed         = 2
	replyNetworkUnreachable = 3
	replyHostUnreachable    = 4
	replyRefused            = 5
	replyExpired            = 6
	replyNoSuchCommand      = 7
	replyNoSuchAddress      = 8
)

var (
	errNoSuchAddress = errors.New("read SOCKS address: unknown type")
)

func (s *Server) serveSocks(program *client) {
	if !s.greet(program) {
		return
	}
	var head [3]byte // version, command, reserved
	if _, err := io.ReadFull(program.reader, head[:]); err != nil || head[0] != socksVersion {
		return
	}
	host, port, err := readAddress(program.reader)
	switch {
	case errors.Is(err, errNoSuchAddress):
		_ = writeReply(program, replyNoSuchAddress, nil)
	case err != nil:
	case head[1] == commandConnect:
		s.socksConnect(program, host, port)
	case head[1] == commandAssociate:
		s.associate(program)
	default:
		_ = writeReply(program, replyNoSuchCommand, nil)
	}
}

// greet agrees on how the program proves itself, and lets it.
func (s *Server) greet(program *client) bool {
	var head [2]byte // version, count of methods
	if _, err := io.ReadFull(program.reader, head[:]); err != nil {
		return false
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(program.reader, methods); err != nil {
		return false
	}
	offers := func(method byte) bool {
		for _, offered := range methods {
			if offered == method {
				return true
			}
		}
		return false
	}
	switch {
	case program.isOwner && offers(methodNone):
		return write(program, socksVersion, methodNone)
	case offers(methodCredential): // also of one that is known: it has nothing else to offer
		return write(program, socksVersion, methodCredential) && s.readCredential(program)
	}
	write(program, socksVersion, methodNoneFits)
	return false
}

func (s *Server) readCredential(program *client) bool {
	var version [1]byte
	if _, err := io.ReadFull(program.reader, version[:]); err != nil || version[0] != credentialVersion {
		return false
	}
	username, err := readText(program.reader)
	if err != nil {
		return false
	}
	password, err := readText(program.reader)
	if err != nil {
		return false
	}
	if !program.isOwner && !s.config.Access.admits(username, password) {
		write(program, credentialVersion, 1)
		return false
	}
	program.let()
	return write(program, credentialVersion, 0)
}

func (s *Server) socksConnect(program *client, host string, port uint16) {
	_ = program.SetDeadline(time.Time{})
	ctx, cancel := context.WithTimeout(s.ctx, connecting)
	defer cancel()
	stop := program.watch(cancel)
	far, isCluster, err := s.dial(ctx, "tcp", host, port)
	stop()
	if err != nil {
		_ = writeReply(program, replyOf(err), nil)
		return
	}
	if isCluster {
		defer s.carried(program, far)()
	}
	if writeReply(program, replySucceeded, far.LocalAddr()) != nil {
		abort(far)
		return
	}
	s.join(program, far)
}

// replyOf names why a connection was not made.
func replyOf(err error) byte {
	var timeout net.Error
	var unknown *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return replyRefused
	case errors.Is(err, syscall.ENETUNREACH):
		return replyNetworkUnreachable
	case errors.Is(err, syscall.EHOSTUNREACH), errors.As(err, &unknown):
		return replyHostUnreachable
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return replyNotAllowed
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT),
		errors.As(err, &timeout) && timeout.Timeout():
		return replyExpired
	}
	return replyFailed
}

// readAddress reads the type, an address or name, and the port.
func readAddress(from io.Reader) (host string, port uint16, err error) {
	var kind [1]byte
	if _, err = io.ReadFull(from, kind[:]); err != nil {
		return "", 0, err
	}
	switch kind[0] {
	case addressIPv4, addressIPv6:
		raw := make([]byte, 4)
		if kind[0] == addressIPv6 {
			raw = make([]byte, 16)
		}
		if _, err = io.ReadFull(from, raw); err != nil {
			return "", 0, err
		}
		address, _ := netip.AddrFromSlice(raw)
		host = address.Unmap().String()
	case addressName:
		if host, err = readText(from); err != nil {
			return "", 0, err
		}
	default:
		return "", 0, errNoSuchAddress
	}
	var raw [2]byte
	if _, err = io.ReadFull(from, raw[:]); err != nil {
		return "", 0, err
	}
	return host, binary.BigEndian.Uint16(raw[:]), nil
}

// readText reads a length of one byte, and as many.
func readText(from io.Reader) (string, error) {
	var length [1]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return "", err
	}
	text := make([]byte, length[0])
	_, err := io.ReadFull(from, text)
	return string(text), err
}

// appendAddress is the other direction of readAddress, of addresses alone.
func appendAddress(to []byte, address netip.AddrPort) []byte {
	kind := byte(addressIPv4)
	if address.Addr().Unmap().Is6() {
		kind = addressIPv6
	}
	to = append(append(to, kind), address.Addr().Unmap().AsSlice()...)
	return binary.BigEndian.AppendUint16(to, address.Port())
}

// writeReply tells what came of a request; bound is the address that the connection has there.
func writeReply(to io.Writer, reply byte, bound net.Addr) error {
	address := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	switch bound := bound.(type) {
	case *net.TCPAddr:
		address = bound.AddrPort()
	case *net.UDPAddr:
		address = bound.AddrPort()
	}
	if !address.Addr().IsValid() {
		address = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	if _, err := to.Write(appendAddress([]byte{socksVersion, reply, 0}, address)); err != nil {
		return fmt.Errorf("write SOCKS reply: %w", err)
	}
	return nil
}

func write(to io.Writer, bytes ...byte) bool {
	_, err := to.Write(bytes)
	return err == nil
}

// watch calls gone where the program ends its connection before it has an answer. Nothing may be read meanwhile; what it sends is kept.
func (c *client) watch(gone func()) (stop func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// One more byte than is there. A deadline ends the wait, and a program that sends early is one that lives.
		_, err := c.reader.Peek(c.reader.Buffered() + 1)
		var broken *net.OpError // an end alone may be of one direction
		if errors.As(err, &broken) && !broken.Timeout() {
			gone()
		}
	}()
	return func() {
		_ = c.SetReadDeadline(time.Unix(1, 0))
		<-done
		_ = c.SetReadDeadline(time.Time{})
	}
}
