package engine

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"slipway/native/internal/wire"
)

// eventQueue bounds events that the core has not read yet. Counters are left out when it is full; the rest wait.
const eventQueue = 256

// link writes events to the core, in the order they were sent.
type link struct {
	events chan wire.EngineEvent
	broken chan struct{} // closed when the core no longer reads
	done   chan struct{}
	once   sync.Once
	ending chan struct{}
}

func newLink(output io.Writer) *link {
	link := &link{
		events: make(chan wire.EngineEvent, eventQueue),
		broken: make(chan struct{}),
		done:   make(chan struct{}),
		ending: make(chan struct{}),
	}
	go link.write(output)
	return link
}

func (link *link) send(event wire.EngineEvent) {
	select {
	case link.events <- event:
	case <-link.broken:
	}
}

// offer sends what the next one replaces anyway; it is false where the core has not read what came before.
func (link *link) offer(event wire.EngineEvent) bool {
	select {
	case link.events <- event:
		return true
	default:
		return false
	}
}

// close returns when everything that was sent is written, or the core is gone.
func (link *link) close() {
	link.once.Do(func() { close(link.ending) })
	<-link.done
}

func (link *link) write(output io.Writer) {
	defer close(link.done)
	for {
		var event wire.EngineEvent
		select {
		case event = <-link.events:
		default:
			select {
			case event = <-link.events:
			case <-link.ending:
				return
			}
		}
		if err := wire.WriteFrame(output, event, wire.MaxEngineFrame); err != nil {
			close(link.broken)
			return
		}
	}
}

// incoming is one command, or why there will be none any more.
type incoming struct {
	command wire.EngineCommand
	err     error
}

// readCommands delivers commands until input ends (io.EOF) or is malformed; the last value has err set.
func readCommands(input io.Reader) <-chan incoming {
	commands := make(chan incoming)
	go func() {
		reader := bufio.NewReader(input)
		for {
			body, err := wire.ReadFrame(reader, wire.MaxEngineFrame)
			if err != nil {
				commands <- incoming{err: err}
				return
			}
			command, err := decodeCommand(body)
			commands <- incoming{command: command, err: err}
			if err != nil {
				return
			}
		}
	}()
	return commands
}

// decodeCommand checks that the field that the command names is there.
func decodeCommand(body []byte) (wire.EngineCommand, error) {
	var command wire.EngineCommand
	if err := json.Unmarshal(body, &command); err != nil {
		return command, fmt.Errorf("decode command: %w", err)
	}
	present := false
	switch command.Command {
	case wire.CommandHello:
		present = command.Hello != nil
	case wire.CommandPrepare:
		present = command.Prepare != nil
	case wire.CommandConnect:
		present = command.Connect != nil
	case wire.CommandAgent:
		present = command.Agent != nil
	case wire.CommandCredentials:
		present = command.Credentials != nil
	case wire.CommandProtect:
		present = command.Protect != nil
	case wire.CommandScope:
		present = command.Scope != nil
	case wire.CommandPlan:
		present = command.Plan != nil
	case wire.CommandEndpoints:
		present = command.Endpoints != nil
	case wire.CommandHosts:
		present = command.Hosts != nil
	case wire.CommandTest:
		present = command.Test != nil
	case wire.CommandReach:
		present = command.Reach != nil
	case wire.CommandCheckReach:
		present = command.CheckReach != nil
	case wire.CommandDirect:
		present = command.Direct != nil
	case wire.CommandFlows:
		present = command.Flows != nil
	case wire.CommandStop, wire.CommandAgentGone:
		present = true
	default:
		return command, errors.New("decode command: unknown")
	}
	if !present {
		return command, fmt.Errorf("decode command: %s without its field", command.Command)
	}
	return command, nil
}
