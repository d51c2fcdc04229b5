package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"slipway/native/internal/wire"
)

func (client *Client) call(ctx context.Context, operation string, input, output any) error {
	received, err := client.exchange(ctx, operation, input)
	if err != nil {
		return err
	}
	if received.file != nil {
		received.file.Close()
	}
	if output == nil {
		return nil
	}
	if err := json.Unmarshal(received.reply.Value, output); err != nil {
		return malformed(err.Error())
	}
	return nil
}

func (client *Client) exchange(ctx context.Context, operation string, input any) (answer, error) {
	request := wire.HelperRequest{Operation: operation}
	if input != nil {
		encoded, err := json.Marshal(input)
		if err != nil {
			return answer{}, fmt.Errorf("encode %s: %w", operation, err)
		}
		request.Input = encoded
	}
	waiting := make(chan answer, 1)
	client.mu.Lock()
	if client.err != nil {
		client.mu.Unlock()
		return answer{}, client.Err()
	}
	client.lastID++
	request.ID = client.lastID
	client.waiting[request.ID] = waiting
	client.mu.Unlock()
	defer client.forget(request.ID, waiting)

	client.writing.Lock()
	client.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	err := wire.WriteFrame(client.conn, request, wire.MaxFrame)
	client.writing.Unlock()
	if errors.Is(err, wire.ErrFrameTooLarge) {
		return answer{}, malformed(err.Error()) // nothing was written: the link is whole
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		client.fail(&wire.Problem{Code: wire.CodeHelperLost, Cause: "the helper does not read"})
	}
	// Any other failed write means that the helper hung up: what it said last is still to be read.
	select {
	case received := <-waiting:
		return received.checked()
	case <-client.lost:
		select {
		case received := <-waiting: // it was answered before the link ended
			return received.checked()
		default:
			return answer{}, client.Err()
		}
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// checked turns a problem in the reply into an error.
func (received answer) checked() (answer, error) {
	if received.reply.Problem == nil {
		return received, nil
	}
	if received.file != nil {
		received.file.Close()
	}
	return answer{}, received.reply.Problem
}

// forget drops a request; a descriptor that came too late for it is closed.
func (client *Client) forget(id uint64, waiting chan answer) {
	client.mu.Lock()
	delete(client.waiting, id)
	client.mu.Unlock()
	select {
	case late := <-waiting:
		if late.file != nil {
			late.file.Close()
		}
	default:
	}
}

func (client *Client) read() {
	for {
		body, err := wire.ReadFrame(client.reader, wire.MaxFrame)
		if err != nil {
			client.fail(wire.CauseHelperLinkEnded.Problem(wire.CodeHelperLost, "reason", err))
			break
		}
		var reply wire.HelperReply
		if err := json.Unmarshal(body, &reply); err != nil {
			client.fail(malformed(err.Error()))
			break
		}
		file := client.reader.take()
		if reply.ID == 0 {
			if file != nil {
				file.Close()
			}
			client.receive(reply)
			continue
		}
		client.mu.Lock()
		if waiting, known := client.waiting[reply.ID]; known {
			delete(client.waiting, reply.ID)
			waiting <- answer{reply: reply, file: file}
		} else if file != nil {
			file.Close()
		}
		client.mu.Unlock()
	}
	for file := client.reader.take(); file != nil; file = client.reader.take() {
		file.Close()
	}
}

func (client *Client) receive(reply wire.HelperReply) {
	if reply.Problem != nil { // the helper's last word before it hangs up
		client.fail(reply.Problem)
		return
	}
	event := Event{Name: reply.Event}
	var into any
	switch reply.Event {
	case wire.EventHostChanged:
		into = &event.Host
	case wire.EventRoutesChanged:
		into = &event.Routes
	case wire.EventNetworkTouched:
		into = &event.Upkeep
	default:
		return // of a newer helper
	}
	if json.Unmarshal(reply.Value, into) != nil {
		return
	}
	for {
		select {
		case client.events <- event:
			return
		default:
			select {
			case <-client.events:
			default:
			}
		}
	}
}

// beat sends heartbeats. One that is not answered in time may mean that this process itself was stopped meanwhile;
// only two in a row mean that the helper is gone.
func (client *Client) beat(ctx context.Context, timeout time.Duration) {
	ticker := time.NewTicker(timeout / 5)
	defer ticker.Stop()
	missed := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-client.lost:
			return
		case <-ticker.C:
		}
		callContext, cancel := context.WithTimeout(ctx, timeout/2)
		err := client.call(callContext, wire.HelperHeartbeat, nil, nil)
		cancel()
		if err == nil {
			missed = 0
			continue
		}
		if missed++; missed == 2 && ctx.Err() == nil {
			client.fail(wire.CauseHelperHeartbeats.Problem(wire.CodeHelperLost))
			return
		}
	}
}

func (client *Client) stopBeating() {
	client.mu.Lock()
	defer client.mu.Unlock()
	if client.beating != nil {
		client.beating()
		client.beating = nil
	}
}

func (client *Client) fail(err error) {
	client.mu.Lock()
	if client.err == nil {
		client.err = err
		close(client.lost)
	}
	client.mu.Unlock()
	client.stopBeating()
	client.conn.Close()
}
