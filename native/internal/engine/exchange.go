package engine

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"slipway/native/internal/bytestream"
	"slipway/native/internal/wire"
)

// testRequest is for the handshake of TLS, a request and the head of its response.
const testRequest = 8 * time.Second

// headAtMost bounds the head of a response, and statusAtMost what is told of it, in bytes.
const (
	headAtMost   = 64 << 10
	statusAtMost = 200
)

// exchange is the connection of a test, by an ordinary socket, and what took how long on it.
type exchange struct {
	socket    net.Conn
	connected time.Duration // that connect(2) took
	waited    time.Duration // from then to the first byte of a response; 0 where none was asked for or came
}

func (exchange *exchange) dial(ctx context.Context, connection *connection, target netip.AddrPort) *wire.Problem {
	ctx, cancel := context.WithTimeout(ctx, testConnection)
	defer cancel()
	began := time.Now()
	socket, err := connection.dial(ctx, "tcp", target.String())
	switch {
	case err == nil:
		exchange.socket, exchange.connected = socket, time.Since(began)
		return nil
	case errors.Is(err, syscall.ECONNREFUSED):
		return &wire.Problem{Code: wire.CodeConnectionRefused, Cause: err.Error()}
	case isTimeout(err) || errors.Is(err, syscall.ETIMEDOUT):
		return wire.CauseNoAnswerWithin.Problem(wire.CodeConnectionSilent, "time", fmt.Sprintf("%.0f s", testConnection.Seconds()))
	}
	return &wire.Problem{Code: wire.CodeConnectionFailed, Cause: err.Error()}
}

// ask sends one GET and returns the status line. The status is asked for, not trusted: nothing secret is sent, any
// certificate will do, no redirect is followed, and the body is left alone.
func (exchange *exchange) ask(command wire.TestCommand) (status string, problem *wire.Problem) {
	began := time.Now()
	_ = exchange.socket.SetDeadline(began.Add(testRequest))
	status, err := exchange.request(command, began)
	switch {
	case err == nil:
		return status, nil
	case isTimeout(err):
		return "", wire.CauseNoHTTPWithin.Problem(wire.CodeConnectionSilent, "seconds", int(testRequest.Seconds()))
	}
	return "", &wire.Problem{Code: wire.CodeConnectionFailed, Cause: err.Error()}
}

func (exchange *exchange) request(command wire.TestCommand, began time.Time) (status string, err error) {
	stream := exchange.socket
	if command.Request == wire.RequestHTTPS {
		config := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}} // a cluster's own authority is the rule
		if net.ParseIP(command.Name) == nil {
			config.ServerName = command.Name
		}
		secure := tls.Client(stream, config)
		if err := secure.Handshake(); err != nil {
			return "", err
		}
		stream = secure
	}
	request := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/"}, Host: net.JoinHostPort(command.Name, fmt.Sprint(command.Port)),
		Header: http.Header{"User-Agent": {"slipway"}, "Accept": {"*/*"}}, Close: true,
	}
	if err := request.Write(stream); err != nil {
		return "", err
	}
	head := bufio.NewReader(io.LimitReader(stream, headAtMost))
	if _, err := head.Peek(1); err != nil {
		return "", err
	}
	exchange.waited = time.Since(began)
	response, err := http.ReadResponse(head, request)
	if err != nil {
		return "", err
	}
	told := strings.TrimSpace(response.Proto + " " + response.Status)
	return told[:min(len(told), statusAtMost)], nil
}

// times are the parts of what a program waits for; nil where the connection did not go through the tunnel.
func (exchange *exchange) times(path *path) *wire.TestedTimes {
	session := path.flows.Load()
	source, isTCP := exchange.socket.LocalAddr().(*net.TCPAddr)
	target, isTCPToo := exchange.socket.RemoteAddr().(*net.TCPAddr)
	if session == nil || !isTCP || !isTCPToo {
		return nil
	}
	flow := session.Find(bytestream.Opening{Source: unmapped(source), Destination: path.realOf(unmapped(target))})
	if flow == nil {
		return nil
	}
	return split(exchange.connected, exchange.waited, flow.Times())
}

// split tells whose part of the time of connect(2) and of the wait for a first byte is how long. What came later than the
// first byte is nobody's.
func split(connected, waited time.Duration, flow bytestream.Times) *wire.TestedTimes {
	answered := min(flow.Answered, connected)
	dialled := min(flow.Dialled, answered)
	result := &wire.TestedTimes{DialMicroseconds: dialled.Microseconds()}
	laptop, tunnel := connected-answered, answered-dialled
	if waited > 0 {
		tunnelled := min(flow.Waited, waited)
		served := min(flow.Served, tunnelled)
		laptop, tunnel = laptop+waited-tunnelled, tunnel+tunnelled-served
		service := served.Microseconds()
		result.ServiceMicroseconds = &service
	}
	result.LaptopMicroseconds, result.TunnelMicroseconds = laptop.Microseconds(), tunnel.Microseconds()
	return result
}

func unmapped(address *net.TCPAddr) netip.AddrPort {
	port := address.AddrPort()
	return netip.AddrPortFrom(port.Addr().Unmap(), port.Port())
}

func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)
}
