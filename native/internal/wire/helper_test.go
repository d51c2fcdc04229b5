package wire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// operations are those of the helper link with what they take and give; nil where that is nothing.
var operations = map[string]struct{ input, value func() any }{
	HelperHello:       {func() any { return &Hello{} }, func() any { return &Hello{} }},
	HelperInspect:     {nil, func() any { return &HostInspection{} }},
	HelperCheckRoutes: {func() any { return &RoutesInput{} }, func() any { return &RouteDecisions{} }},
	HelperAcquire:     {func() any { return &AcquireInput{} }, func() any { return &Lease{} }},
	HelperHeartbeat:   {nil, nil},
	HelperOpenTun:     {func() any { return &OpenTunInput{} }, func() any { return &TunOpened{} }},
	HelperSetRoutes:   {func() any { return &RoutesInput{} }, func() any { return &RouteDecisions{} }},
	HelperSetHosts:    {func() any { return &HostsInput{} }, func() any { return &RouteDecisions{} }},
	HelperSetNames:    {func() any { return &NamesInput{} }, func() any { return &NamesInForce{} }},
	HelperFilters:     {nil, func() any { return &Filters{} }},
	HelperFlushNames:  {nil, nil},
	HelperRelease:     {nil, func() any { return &Released{} }},
}

func TestHelperMessagesMatchTheGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/helper/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden messages: %v", err)
	}
	requests := map[string]bool{}
	operationOf := map[uint64]string{} // requests and their replies share an ID
	for _, prefix := range []string{"request-", "reply-", "event-"} {
		for _, file := range files {
			if !strings.HasPrefix(filepath.Base(file), prefix) {
				continue
			}
			t.Run(filepath.Base(file), func(t *testing.T) {
				golden, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if prefix == "request-" {
					var request HelperRequest
					roundTrip(t, golden, &request)
					requests[request.Operation] = true
					operationOf[request.ID] = request.Operation
					expectPart(t, operations[request.Operation].input, request.Input)
					return
				}
				var reply HelperReply
				roundTrip(t, golden, &reply)
				if reply.Problem != nil {
					if len(reply.Value) > 0 {
						t.Error("a problem has no value")
					}
					return
				}
				if (reply.ID == 0) != (reply.Event != "") {
					t.Error("an event has the ID 0 and a name, a reply neither")
				}
				switch reply.Event {
				case EventHostChanged:
					expectPart(t, operations[HelperInspect].value, reply.Value)
					return
				case EventNetworkTouched:
					expectPart(t, func() any { return &TunnelUpkeep{} }, reply.Value)
					return
				case EventRoutesChanged:
					expectPart(t, operations[HelperSetRoutes].value, reply.Value)
					return
				}
				expectPart(t, operations[operationOf[reply.ID]].value, reply.Value)
			})
		}
	}
	for name := range operations {
		if !requests[name] {
			t.Errorf("operation %s has no golden message", name)
		}
	}
}

func expectPart(t *testing.T, made func() any, golden []byte) {
	t.Helper()
	if made == nil {
		if len(golden) > 0 {
			t.Errorf("nothing belongs here: %s", golden)
		}
		return
	}
	roundTrip(t, golden, made())
}
