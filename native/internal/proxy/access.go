package proxy

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/netip"

	"slipway/native/internal/sockets"
)

// Access says who may use a proxy: programs of its own user, as far as the system tells whose a connection over loopback is
// (Linux does), and whoever knows the credential. Where neither is, nobody gets in.
type Access struct {
	User     uint32 // who may
	IsTold   bool   // whether the system tells users; else only the credential counts
	Username string
	Password string // empty: there is no credential

	userOf func(network string, local, remote netip.AddrPort) (uint32, bool) // tests; nil: the system's
}

func (a Access) hasCredential() bool { return a.Password != "" }

// isOwner tells that the other end of a connection is the user's own.
func (a Access) isOwner(connection net.Conn) bool {
	program, isTCP := connection.RemoteAddr().(*net.TCPAddr)
	own, isTCPToo := connection.LocalAddr().(*net.TCPAddr)
	return isTCP && isTCPToo && a.owns("tcp", program.AddrPort(), own.AddrPort())
}

// owns tells that a socket is the user's own.
func (a Access) owns(network string, local, remote netip.AddrPort) bool {
	if !a.IsTold {
		return false
	}
	find := a.userOf
	if find == nil {
		find = sockets.UserOf
	}
	user, isKnown := find(network, unmapped(local), unmapped(remote))
	return isKnown && user == a.User
}

// admits compares a credential without telling by its time how much of it is right.
func (a Access) admits(username, password string) bool {
	if !a.hasCredential() {
		return false
	}
	return equal(username, a.Username)&equal(password, a.Password) == 1
}

func equal(one, other string) int {
	left, right := sha256.Sum256([]byte(one)), sha256.Sum256([]byte(other))
	return subtle.ConstantTimeCompare(left[:], right[:])
}

func unmapped(address netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(address.Addr().Unmap(), address.Port())
}
