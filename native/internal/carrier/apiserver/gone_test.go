package apiserver

import (
	"net/http"
	"testing"

	"slipway/native/internal/wire"
)

// A pod that has ended is an object still, so that the API server asks its kubelet, which answers as net/http's Error does.
func TestRefusalsOfTheKubelet(t *testing.T) {
	for text, code := range map[string]string{
		"pod not found (\"agent-1_dev\")":                              wire.CodeAgentGone,
		"dial tcp 10.87.112.12:10250: connect: no route to host":       wire.CodeAgentUnreachable,
		"error dialing backend: remote error: tls: internal error":     wire.CodeAgentUnreachable,
		"container agent in pod agent-1_dev: sandbox is not ready yet": wire.CodeAgentGone,
	} {
		s := newSetting(t)
		s.gateway = func(writer http.ResponseWriter, _ *http.Request) bool {
			http.Error(writer, text, http.StatusInternalServerError)
			return true
		}
		_, err := dial(t, s.carrier(t))
		wantProblem(t, err, code)
	}
}
