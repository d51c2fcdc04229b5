package bytestream

import (
	"testing"

	"slipway/native/internal/memnet"
)

func TestFlowsMoveBytesBothWays(t *testing.T) {
	for _, test := range []struct {
		name         string
		lanes, flows int
		options      memnet.Options
	}{
		{"one lane", 1, 8, memnet.Options{}},
		{"four lanes", 4, 20, memnet.Options{}},
		{"four lanes and a delay", 4, 8, memnet.Options{Delay: 5e6, Rate: 50 << 20}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, test.lanes, test.options)
			p.exchange(test.flows, 3<<20, 1)
			p.settled()
		})
	}
}
