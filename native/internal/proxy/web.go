package proxy

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// PACPath is where the file for browsers is: below Config.PACToken, because any web page may ask an address of loopback for a script.
const PACPath = "/proxy.pac"

// headAtMost bounds the head of a request in bytes.
const headAtMost = 64 << 10

type programKey struct{}

// newWeb makes what serves requests of HTTP.
func (s *Server) newWeb() *http.Server {
	forwarding := &httputil.ReverseProxy{
		// What the program asked for goes on as it is; Rewrite, unlike Director, adds no header that names the laptop.
		Rewrite:       func(request *httputil.ProxyRequest) { request.Out.Header.Del("Proxy-Authorization") },
		Transport:     s.transport(),
		FlushInterval: -1,
		ErrorHandler: func(writer http.ResponseWriter, _ *http.Request, err error) {
			http.Error(writer, failureText(err), statusOf(err))
		},
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	return &http.Server{
		MaxHeaderBytes:    headAtMost,
		ReadHeaderTimeout: handshake,
		IdleTimeout:       5 * time.Minute,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			return context.WithValue(ctx, programKey{}, connection.(*client))
		},
		Handler: http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
			program := request.Context().Value(programKey{}).(*client)
			if !program.isOwner { // whoever proves nothing must not stay
				writer.Header().Set("Connection", "close")
			}
			if request.URL.Host == "" && request.Method != http.MethodConnect {
				s.servePAC(writer, request)
				return
			}
			if !s.mayPass(writer, program, request) {
				writer.Header().Set("Proxy-Authenticate", `Basic realm="Slipway"`)
				http.Error(writer, "this proxy is another user's, or wants its user name and password", http.StatusProxyAuthRequired)
				return
			}
			_ = program.SetDeadline(time.Time{})
			switch {
			case request.Method == http.MethodConnect:
				s.tunnel(writer, request, program)
			case request.URL.Scheme == "http":
				forwarding.ServeHTTP(writer, request)
			default:
				http.Error(writer, "only http is forwarded; CONNECT carries everything else", http.StatusBadRequest)
			}
		}),
	}
}

// transport forwards requests. It keeps no connection for another one: Services spread connections over their pods.
func (s *Server) transport() *http.Transport {
	return &http.Transport{
		DisableKeepAlives:  true,
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			host, port, err := splitTarget(address)
			if err != nil {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(ctx, connecting)
			defer cancel()
			far, isCluster, err := s.dial(ctx, "tcp", host, port)
			if err != nil || !isCluster {
				return far, err
			}
			program, _ := ctx.Value(programKey{}).(*client)
			if program == nil {
				return far, nil
			}
			return &endingConn{Conn: far, ended: s.carried(program, far)}, nil
		},
	}
}

// endingConn tells its end.
type endingConn struct {
	net.Conn
	ended func()
}

func (c *endingConn) Close() error {
	defer c.ended()
	return c.Conn.Close()
}

// mayPass lets the owner's programs through, and who names the credential.
func (s *Server) mayPass(writer http.ResponseWriter, program *client, request *http.Request) bool {
	if program.isOwner {
		return true
	}
	scheme, encoded, _ := strings.Cut(request.Header.Get("Proxy-Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	username, password, isPair := strings.Cut(string(decoded), ":")
	if err != nil || !isPair || !s.config.Access.admits(username, password) {
		return false
	}
	program.let()
	writer.Header().Del("Connection")
	return true
}

// tunnel is CONNECT (RFC 9110, section 9.3.6).
func (s *Server) tunnel(writer http.ResponseWriter, request *http.Request, program *client) {
	host, port, err := splitTarget(request.Host)
	if err != nil {
		http.Error(writer, "CONNECT wants a host and a port", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(request.Context(), connecting) // ends with the program's connection
	defer cancel()
	far, isCluster, err := s.dial(ctx, "tcp", host, port)
	if err != nil {
		http.Error(writer, failureText(err), statusOf(err))
		return
	}
	if isCluster {
		defer s.carried(program, far)()
	}
	raw, buffered, err := writer.(http.Hijacker).Hijack()
	if err != nil {
		abort(far)
		return
	}
	_ = raw.SetDeadline(time.Time{})
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	if _, err := raw.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		abort(far)
		_ = raw.Close()
		return
	}
	if len(early) > 0 { // some send their first bytes with the request
		if _, err := far.Write(bytes.Clone(early)); err != nil {
			abort(far)
			_ = raw.Close()
			return
		}
	}
	s.join(raw, far)
}

func splitTarget(target string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(target)
	if err != nil {
		return "", 0, err
	}
	number, err := strconv.ParseUint(text, 10, 16)
	return host, uint16(number), err
}

// statusOf is the status of a connection that was not made (RFC 9110, section 15.6).
func statusOf(err error) int {
	if replyOf(err) == replyExpired {
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

// failureText names no address but what the program named itself.
func failureText(err error) string {
	return map[byte]string{
		replyRefused:            "connection refused",
		replyNetworkUnreachable: "network is unreachable",
		replyHostUnreachable:    "no such host, or no way to it",
		replyNotAllowed:         "forbidden in the cluster, or by a firewall",
		replyExpired:            "no answer",
		replyFailed:             "the connection failed, or the tunnel is down",
	}[replyOf(err)]
}

// servePAC gives browsers their file. Whoever asks must know where it is, and have asked this very server (a name that a web
// page's server gives out for loopback is another Host).
func (s *Server) servePAC(writer http.ResponseWriter, request *http.Request) {
	wanted := "/" + s.config.PACToken + PACPath
	isRight := subtle.ConstantTimeCompare([]byte(request.URL.Path), []byte(wanted)) == 1 && s.config.PACToken != ""
	site := request.Header.Get("Sec-Fetch-Site")
	switch {
	case !isRight || request.Host != s.Address().String() || site != "" && site != "none":
		http.NotFound(writer, request)
	case request.Method != http.MethodGet && request.Method != http.MethodHead:
		http.Error(writer, "only GET", http.StatusMethodNotAllowed)
	default:
		writer.Header().Set("Content-Type", "application/x-ns-proxy-autoconfig")
		writer.Header().Set("Cache-Control", "no-store")
		_, _ = writer.Write([]byte(pacFile(s.Address(), s.config.Network.Ranges(), s.config.Network.Domains())))
	}
}
