package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/streaming/pkg/httpstream"
	"slipway/native/internal/wire"
)

func problem(code, cause string) *wire.Problem { return &wire.Problem{Code: code, Cause: cause} }

// answer is what the API server said to the upgrade, 0 where it said nothing.
type answer struct {
	code    int
	message string
}

func statusOf(err error) answer {
	// It does not unwrap.
	var upgrade *httpstream.UpgradeFailureError
	if errors.As(err, &upgrade) {
		err = upgrade.Cause
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return answer{int(status.Status().Code), status.Status().Message}
	}
	// client-go's WebSocket round tripper has only text where the body was no Status: "websocket: bad handshake (401
	// Unauthorized)".
	for code, text := range map[int]string{
		http.StatusUnauthorized: "(401 ", http.StatusForbidden: "(403 ", http.StatusNotFound: "(404 ",
	} {
		if err != nil && strings.Contains(err.Error(), "bad handshake "+text) {
			return answer{code, http.StatusText(code)}
		}
	}
	return answer{}
}

// explain turns what a dial failed with into a problem. A context that was cancelled stays what it is.
func (c *Carrier) explain(ctx context.Context, err error, target wire.AgentTarget) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	found := explainAnswer(err, target)
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
	for _, secret := range c.secrets {
		if secret != "" {
			found.Cause = strings.ReplaceAll(found.Cause, secret, "***")
		}
	}
	found.Facts = withFact(found.Facts, "server", c.server.Host)
	return found
}

func explainAnswer(err error, target wire.AgentTarget) *wire.Problem {
	answered := statusOf(err)
	var found *wire.Problem
	switch {
	case answered.code == 0:
		return nil
	case answered.code == http.StatusUnauthorized:
		return problem(wire.CodeUnauthorized, "the API server does not accept the credentials: "+answered.message)
	case answered.code == http.StatusForbidden:
		found = problem(wire.CodeForbidden, answered.message)
		found.Facts = map[string]string{"verb": "create", "resource": "pods/portforward", "namespace": target.Namespace}
		return found
	case answered.code == http.StatusNotFound:
		found = problem(wire.CodeAgentGone, answered.message)
	case answered.code == http.StatusTooManyRequests || answered.code == http.StatusServiceUnavailable || answered.code == http.StatusGatewayTimeout:
		return problem(wire.CodeAPIUnreachable, answered.message)
	default:
		// The API server answered, so what failed lies behind it: no node yet, or a kubelet it cannot reach.
		found = problem(wire.CodeAgentUnreachable, answered.message)
	}
	found.Facts = map[string]string{"namespace": target.Namespace, "pod": target.Pod}
	return found
}

func explainTLS(err error) *wire.Problem {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		found := problem(wire.CodeCertificateExpired, invalid.Error())
		found.Facts = map[string]string{"whose": "server"}
		return found
	}
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var system x509.SystemRootsError
	if errors.As(err, &unverified) || errors.As(err, &unknown) || errors.As(err, &name) || errors.As(err, &system) || errors.As(err, &invalid) {
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

// explainKubelet turns the text of the error stream into a problem. containerd and CRI-O say that a sandbox is gone
// in words only.
func explainKubelet(text string) *wire.Problem {
	for _, gone := range []string{"failed to find sandbox", "is not running", "sandbox is not ready", "not found: does not exist", "could not find pod"} {
		if strings.Contains(text, gone) {
			return problem(wire.CodeAgentGone, text)
		}
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
