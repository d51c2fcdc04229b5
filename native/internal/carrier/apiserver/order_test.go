package apiserver

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"slipway/native/internal/wire"
)

// TestWhatIsAskedForFirst has dials one after the other, and wants these requests: POST for SPDY, GET for a WebSocket.
func TestWhatIsAskedForFirst(t *testing.T) {
	for name, test := range map[string]struct {
		arrange func(*setting)
		dials   int
		want    string
	}{
		"both pass":                      {func(*setting) {}, 2, "POST POST "},
		"SPDY is blocked":                {func(s *setting) { s.behind(nil, page(403)) }, 3, "POST GET GET GET "},
		"SPDY is swallowed":              {func(s *setting) { s.behind(nil, swallowed) }, 2, "POST GET GET "},
		"SPDY is let through, then cut":  {func(s *setting) { s.behind(nil, upgradedThen(func(conn net.Conn) { _ = conn.Close() })) }, 2, "POST GET GET "},
		"SPDY is let through, then lost": {func(s *setting) { s.behind(nil, upgradedThen(func(net.Conn) {})) }, 2, "POST GET GET "},
		"SPDY is let through, then a page": {func(s *setting) {
			s.behind(nil, upgradedThen(func(conn net.Conn) { _, _ = conn.Write([]byte("<html>this is no SPDY</html>")) }))
		}, 2, "POST GET GET "},
		"a Role with get alone":       {func(s *setting) { s.refuse = refuseMethod(http.MethodPost, 403) }, 2, "POST GET GET "},
		"a Role with create alone":    {func(s *setting) { s.refuse = refuseMethod(http.MethodGet, 403) }, 2, "POST POST "},
		"the API server is busy":      {func(s *setting) { s.refuse = func(*http.Request) int { return 429 } }, 1, "POST "},
		"the API server knows no pod": {func(s *setting) { s.refuse = func(*http.Request) int { return 404 } }, 1, "POST "},
		"no credentials":              {func(s *setting) { s.refuse = func(*http.Request) int { return 401 } }, 1, "POST POST "},
		"both blocked":                {func(s *setting) { s.behind(page(403), page(403)) }, 2, "POST GET POST GET "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSetting(t)
			s.first = plainSPDY
			test.arrange(s)
			through := s.carrier(t)
			through.(*Carrier).timing.upgrade = 300 * time.Millisecond
			for range test.dials {
				opened, err := dial(t, through)
				if err == nil {
					echoes(t, opened)
				}
			}
			methods := ""
			for _, request := range s.seen() {
				methods += request.Method + " "
			}
			if methods != test.want {
				t.Errorf("requests %q instead of %q", methods, test.want)
			}
		})
	}
}

// upgradedThen agrees to SPDY as a server does, and does no more of it.
func upgradedThen(then func(net.Conn)) gatewayMode {
	return hijacked(func(conn net.Conn) {
		_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n"))
		then(conn)
	})
}

// TestAnswersThatAreNoWebSocket has servers that agree to an upgrade by half, or say more than is wanted.
func TestAnswersThatAreNoWebSocket(t *testing.T) {
	const agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	for name, answer := range map[string]string{
		"no proof":                  agreed + "Sec-WebSocket-Protocol: SPDY/3.1+portforward.k8s.io\r\n\r\n",
		"a proof of something else": agreed + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
		"a head without an end":     agreed + "X-Long: " + string(make([]byte, 1<<20)),
		"no HTTP":                   "SSH-2.0-OpenSSH_9.9\r\n",
	} {
		s := newSetting(t)
		s.behind(hijacked(func(conn net.Conn) {
			_, _ = conn.Write([]byte(answer))
			_ = conn.Close()
		}), nil)
		opened, err := dial(t, s.carrier(t))
		if err != nil {
			t.Errorf("%s: SPDY is not tried: %v", name, err)
			continue
		}
		echoes(t, opened)
	}
	for name, header := range map[string]http.Header{
		"another protocol": {"Sec-WebSocket-Protocol": {"v4.channel.k8s.io"}},
		"no protocol":      {},
		"extensions":       {"Sec-WebSocket-Protocol": {tunnelPrefix + portForwardProtocol}, "Sec-WebSocket-Extensions": {"permessage-deflate"}},
	} {
		s := newSetting(t)
		s.behind(func(writer http.ResponseWriter, request *http.Request) {
			_, _ = (&websocket.Upgrader{}).Upgrade(writer, request, header)
		}, page(403))
		_, err := dial(t, s.carrier(t))
		if found := wantProblem(t, err, wire.CodeGatewayBlocks); found == nil {
			t.Error(name)
		}
	}
}
