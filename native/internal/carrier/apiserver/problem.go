package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation"
	"slipway/native/internal/wire"
)

func problem(code, cause string) *wire.Problem { return &wire.Problem{Code: code, Cause: cause} }

// answer is what was said to an upgrade; code is 0 where nothing was.
type answer struct {
	code     int
	message  string
	isStatus bool // a metav1.Status: the API server's own words
}

func answerOf(err error) answer {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return answer{code: int(status.Status().Code), message: status.Status().Message, isStatus: true}
	}
	var plain *plainRefusal
	if errors.As(err, &plain) {
		return answer{code: plain.code, message: plain.body}
	}
	return answer{}
}

var markup = regexp.MustCompile(`(?is)<(script|style).*?</(script|style)>|<[^>]*>`)

// pageLimit is how much of a gateway's page is told, in bytes.
const pageLimit = 160

// words is the answer in one line: a page without its markup.
func (a answer) words() string {
	text := strings.Join(strings.Fields(markup.ReplaceAllString(a.message, " ")), " ")
	if len(text) > pageLimit {
		text = strings.ToValidUTF8(text[:pageLimit], "") + "…"
	}
	if text == "" || text == strconv.Itoa(a.code) {
		return strings.TrimSpace(fmt.Sprintf("%d %s", a.code, http.StatusText(a.code)))
	}
	return fmt.Sprintf("%d %s", a.code, text)
}

// isGateways tells whether something before the API server answered: API servers refuse upgrades with a Status, and never
// with a page. A kubelet's refusal is plain text.
func (a answer) isGateways() bool {
	if a.isStatus || a.code == 0 || a.code == http.StatusUnauthorized || isBusy(a) {
		return false
	}
	page := strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.message)), "<")
	return page || a.code < 400 || a.code == http.StatusForbidden || a.code == http.StatusMethodNotAllowed ||
		a.code == http.StatusNotImplemented || a.code == http.StatusBadGateway
}

// isBusy tells whether the same request may succeed in a moment.
func isBusy(a answer) bool {
	switch a.code {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusInternalServerError:
		return strings.Contains(a.message, "etcdserver:")
	}
	return false
}

// upgrade is what is asked for.
type upgrade struct {
	resource       string // pods/portforward, pods/exec
	namespace, pod string
}

// isPossible tells whether namespace and pod can be names of such.
func (asked upgrade) isPossible() bool {
	return len(validation.ValidateNamespaceName(asked.namespace, false)) == 0 && len(validation.NameIsDNSSubdomain(asked.pod, false)) == 0
}

func (asked upgrade) address(server *url.URL) *url.URL {
	kind, part, _ := strings.Cut(asked.resource, "/")
	return server.JoinPath("api", "v1", "namespaces", asked.namespace, kind, asked.pod, part)
}

// explain turns what a dial failed with into a problem; one of both is nil where that protocol was not tried. A context that was
// cancelled stays what it is.
func (c *Carrier) explain(ctx context.Context, overWebSocket, overSPDY error, asked upgrade) error {
	err := overSPDY
	if answered := answerOf(overWebSocket); err == nil || answered.code == http.StatusUnauthorized {
		err = overWebSocket
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	found := c.explainProxy(err)
	if found == nil {
		found = explainAnswer(overWebSocket, err, asked)
	}
	if found == nil {
		found = explainTLS(err)
	}
	if found == nil {
		cause := err.Error()
		if ctx.Err() != nil {
			cause = "no answer in time: " + cause
		}
		found = problem(wire.CodeAPIUnreachable, cause)
	}
	c.hideSecrets(found)
	found.Facts = withFact(found.Facts, "server", c.server.Host)
	return found
}

func (c *Carrier) hideSecrets(found *wire.Problem) {
	for _, secret := range c.secrets {
		if secret == "" {
			continue
		}
		found.Cause = strings.ReplaceAll(found.Cause, secret, "***")
		if found.Said != nil {
			for name, value := range found.Said.Values {
				found.Said.Values[name] = strings.ReplaceAll(value, secret, "***")
			}
		}
	}
}

// explainProxy finds what a proxy refused, or that there is none. Only the proxy is dialled where there is one.
func (c *Carrier) explainProxy(err error) *wire.Problem {
	if c.proxy == nil {
		return nil
	}
	var operation *net.OpError
	isDial := errors.As(err, &operation) && (operation.Op == "dial" || strings.HasPrefix(operation.Op, "socks"))
	var refused *refusedByProxy
	if !isDial && !errors.As(err, &refused) {
		return nil
	}
	shown := c.proxy.Scheme + "://" + c.proxy.Host
	found := wire.CauseProxyFailed.Problem(wire.CodeProxyFailed, "proxy", shown, "reason", err.Error())
	found.Facts = map[string]string{"proxy": shown}
	return found
}

func explainAnswer(overWebSocket, err error, asked upgrade) *wire.Problem {
	answered := answerOf(err)
	if answered.code == 0 {
		return nil
	}
	var found *wire.Problem
	switch {
	case answered.code == http.StatusUnauthorized:
		return problem(wire.CodeUnauthorized, "the API server does not accept the credentials: "+answered.message)
	case isBusy(answered):
		return problem(wire.CodeAPIBusy, answered.words())
	case answered.isGateways():
		found = wire.CauseGatewayBlocks.Problem(wire.CodeGatewayBlocks, "webSocket", wordsOf(overWebSocket), "spdy", answered.words())
		found.Facts = map[string]string{"resource": asked.resource, "answer": answered.words()}
		return found
	case answered.code == http.StatusForbidden:
		found = problem(wire.CodeForbidden, answered.message)
		found.Facts = map[string]string{"verb": "create", "resource": asked.resource, "namespace": asked.namespace}
		return found
	case answered.code == http.StatusNotFound || isGone(answered.message):
		found = problem(wire.CodeAgentGone, answered.message)
	default:
		// The API server answered, so what failed lies behind it: no node yet, or a kubelet it cannot reach.
		found = problem(wire.CodeAgentUnreachable, answered.message)
	}
	found.Facts = map[string]string{"namespace": asked.namespace, "pod": asked.pod}
	return found
}

func wordsOf(err error) string {
	if err == nil {
		return "not tried"
	}
	if answered := answerOf(err); answered.code != 0 {
		return answered.words()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer"
	}
	return err.Error()
}

func explainTLS(err error) *wire.Problem {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		found := problem(wire.CodeCertificateExpired, invalid.Error())
		found.Facts = map[string]string{"whose": "server"}
		return found
	}
	var name x509.HostnameError
	if errors.As(err, &name) {
		return problem(wire.CodeCertificateName, name.Error())
	}
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var system x509.SystemRootsError
	if errors.As(err, &unverified) || errors.As(err, &unknown) || errors.As(err, &system) || errors.As(err, &invalid) {
		return problem(wire.CodeCertificateUntrusted, err.Error())
	}
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) {
		return problem(wire.CodeAPIUnreachable, "what answers there does not speak TLS")
	}
	// crypto/tls keeps the type of alerts to itself. These are about our certificate.
	text := err.Error()
	switch {
	case !strings.Contains(text, "remote error: tls: "):
		return nil
	case strings.Contains(text, "expired certificate"):
		found := problem(wire.CodeCertificateExpired, text)
		found.Facts = map[string]string{"whose": "client"}
		return found
	case strings.Contains(text, "certificate"):
		return problem(wire.CodeUnauthorized, text)
	}
	return nil
}

// isGone tells whether kubelet, containerd or CRI-O say that a pod or its sandbox is gone, which they do in words only.
// Kubelet answers 500 and "pod not found" for a pod that has ended and is still an object (pkg/kubelet, GetPortForward).
func isGone(text string) bool {
	for _, gone := range []string{
		"failed to find sandbox", "is not running", "sandbox is not ready", "not found: does not exist", "could not find pod", "pod not found",
	} {
		if strings.Contains(text, gone) {
			return true
		}
	}
	return false
}

// explainKubelet turns the text of the error stream into a problem.
func explainKubelet(text string) *wire.Problem {
	if isGone(text) {
		return problem(wire.CodeAgentGone, text)
	}
	found := problem(wire.CodeAgentUnreachable, text)
	if strings.Contains(text, "connection refused") {
		found.Facts = map[string]string{"refused": "true"}
	}
	return found
}

func withFact(facts map[string]string, name, value string) map[string]string {
	if facts == nil {
		facts = map[string]string{}
	}
	facts[name] = value
	return facts
}
