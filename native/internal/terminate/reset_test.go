package terminate

import (
	"testing"

	"slipway/native/internal/bytestream"
)

// TestAResetBehindTheLaptopsFINEndsBoth has a program that has said all, and ends hard while it waits for an answer that nobody gives.
func TestAResetBehindTheLaptopsFINEndsBoth(t *testing.T) {
	laptop, far := join(t, 0, connected)
	laptop.isMute.Store(true)
	connection := laptop.dial(t)
	if _, err := connection.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	connection.(interface{ CloseWrite() error }).CloseWrite()
	eventually(t, "the laptop's end is not told", func() bool {
		for account := range laptop.terminator.Accounts() {
			if account.State == LaptopEnded {
				return true
			}
		}
		return false
	})
	for _, endpoint := range laptop.Inner().RegisteredEndpoints() {
		endpoint.Abort()
	}
	eventually(t, "the connection is still there", func() bool { return laptop.terminator.Stats() == Stats{} })
	if cause := receive(t, far.reset, "the reset"); cause != bytestream.Aborted {
		t.Errorf("the far end was told %s", cause)
	}
}
