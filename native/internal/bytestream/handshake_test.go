package bytestream

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flynn/noise"

	"slipway/native/internal/memnet"
)

// The vectors are those that github.com/flynn/noise v1.1.0 publishes for this pattern and these ciphers (vectors.txt).
func TestTheHandshakeIsNoise(t *testing.T) {
	text, err := os.ReadFile("testdata/noise_ikpsk2_vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	vectors := strings.Split(strings.TrimSpace(string(text)), "\n\n")
	if len(vectors) < 4 {
		t.Fatalf("%d vectors", len(vectors))
	}
	for _, vector := range vectors {
		values := map[string][]byte{}
		for line := range strings.Lines(vector) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			if values[name], err = hex.DecodeString(value); err != nil && name != "handshake" {
				t.Fatal(err)
			}
		}
		key := func(name string) noise.DHKey {
			made, err := noise.DH25519.GenerateKeypair(bytes.NewReader(values[name]))
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
		make1 := func(own, other noise.DHKey, ephemeral string, isEngine bool) *noise.HandshakeState {
			config := noise.Config{
				CipherSuite: handshakeSuite, Random: bytes.NewReader(values[ephemeral]), Pattern: noise.HandshakeIK,
				Initiator: isEngine, Prologue: values["prologue"], PresharedKey: values["preshared_key"],
				PresharedKeyPlacement: 2, StaticKeypair: own,
			}
			if isEngine {
				config.PeerStatic = other.Public
			}
			state, err := noise.NewHandshakeState(config)
			if err != nil {
				t.Fatal(err)
			}
			return state
		}
		engineKey, agentKey := key("init_static"), key("resp_static")
		engine := make1(engineKey, agentKey, "gen_init_ephemeral", true)
		agent := make1(agentKey, engineKey, "gen_resp_ephemeral", false)
		expect := func(got []byte, name string) {
			t.Helper()
			if !bytes.Equal(got, values[name]) {
				t.Errorf("%s is %x, not %x", name, got, values[name])
			}
		}
		first, _, _, _ := engine.WriteMessage(nil, values["msg_0_payload"])
		expect(first, "msg_0_ciphertext")
		payload, _, _, err := agent.ReadMessage(nil, first)
		if err != nil {
			t.Fatal(err)
		}
		expect(payload, "msg_0_payload")
		second, toAgent, toEngine, _ := agent.WriteMessage(nil, values["msg_1_payload"])
		expect(second, "msg_1_ciphertext")
		if _, _, _, err := engine.ReadMessage(nil, second); err != nil {
			t.Fatal(err)
		}
		sealed, _ := toAgent.Encrypt(nil, nil, values["msg_2_payload"])
		expect(sealed, "msg_2_ciphertext")
		sealed, _ = toEngine.Encrypt(nil, nil, values["msg_3_payload"])
		expect(sealed, "msg_3_ciphertext")
	}
}

func TestWhoLacksAKeyGetsNoLane(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(engine *Keys)
	}{
		{"another key of the engine", func(engine *Keys) {
			other, _ := testKeys(t)
			engine.Private, engine.Public = other.Private, other.Public
		}},
		{"another secret", func(engine *Keys) { engine.Preshared[0]++ }},
		{"another agent's key", func(engine *Keys) { other, _ := testKeys(t); engine.Peer = other.Public }},
		{"another session", func(engine *Keys) { engine.Session = "b session" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPair(t, 1, memnet.Options{}, func(engine, _ *Config) { test.change(&engine.Keys) })
			awaitEnd(t, p.engineL[0], ErrHandshake)
			// The secret is of the second message, so that the agent hears of it by the end of the stream.
			if err := <-p.agentL[0]; !errors.Is(err, ErrHandshake) && !errors.Is(err, io.EOF) {
				t.Errorf("the agent's lane ended with %v", err)
			}
			if lanes := p.agent.Stats().Lanes; len(lanes) > 0 {
				t.Errorf("lanes %+v", lanes)
			}
		})
	}
	t.Run("another lane", func(t *testing.T) {
		p := newPair(t, 2, memnet.Options{})
		left, right := memnet.Pipe(memnet.Options{})
		agent := p.agent.Attach(1, right)
		awaitEnd(t, p.engine.Attach(0, left), ErrHandshake)
		awaitEnd(t, agent, ErrHandshake)
	})
}

func TestAnOldHandshakeTakesNoLane(t *testing.T) {
	s, peer, lost, _ := meet(t, true, nil)
	peer.say(appendNumbers(nil, kindPing, 1))
	peer.hear(kindPong)
	// The stranger begins anew with the number that was used.
	left, right := memnet.Pipe(memnet.Options{})
	again := s.Attach(1, left)
	next := newLane(peer.lane.session, 1, right)
	next.session.attachments[1]--
	if err := next.shakeHands(); err != nil {
		t.Fatal(err)
	}
	second := &stranger{t, next}
	second.say(appendNumbers(nil, kindPing, 1))
	awaitEnd(t, again, ErrAttachment)
	select {
	case err := <-lost:
		t.Errorf("the lane that there was ended: %v", err)
	default:
	}
	peer.say(appendNumbers(nil, kindPing, 2))
	peer.hear(kindPong)
}

func TestAForgedRecordEndsTheLane(t *testing.T) {
	ping := func(number uint64) []byte { return appendNumbers(nil, kindPing, number) }
	for _, test := range []struct {
		name string
		say  func(p *stranger)
		want error
	}{
		{"changed", func(p *stranger) { r := p.record(ping(1)); r[5] ^= 1; p.raw(r) }, ErrRecord},
		{"changed tag", func(p *stranger) { r := p.record(ping(1)); r[len(r)-1] ^= 1; p.raw(r) }, ErrRecord},
		{"changed length", func(p *stranger) {
			r := p.record(ping(1))
			r[2]--
			p.raw(r)
		}, ErrRecord},
		{"twice", func(p *stranger) { r := p.record(ping(1)); p.raw(r); p.raw(r) }, ErrRecord},
		{"left out", func(p *stranger) { p.record(ping(1)); p.raw(p.record(ping(2))) }, ErrRecord},
		{"in another order", func(p *stranger) {
			one, two := p.record(ping(1)), p.record(ping(2))
			p.raw(two)
			p.raw(one)
		}, ErrRecord},
		{"of length 0", func(p *stranger) { p.raw([]byte{0, 0, 0}) }, ErrRecord},
		{"of nothing", func(p *stranger) { p.raw(p.record()) }, ErrRecord},
		{"too long", func(p *stranger) { p.raw([]byte{255, 255, 255}) }, ErrRecord},
		{"its own", func(p *stranger) {
			p.say(ping(1))
			p.lane.outgoing.keyed = p.lane.incoming.keyed // as a mirror would
			p.say(ping(2))
		}, ErrRecord},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, peer, lost, _ := meet(t, true, nil)
			test.say(peer)
			awaitEnd(t, lost, test.want)
		})
	}
}

func TestEveryDirectionAndAttachmentHasAKeyOfItsOwn(t *testing.T) {
	for _, chosen := range []suite{suiteChaCha, suiteAES128} {
		seen := map[string]bool{}
		engineKeys, agentKeys := testKeys(t)
		for attachment := range uint64(4) {
			engine, _ := newHandshake(engineKeys, 1, attachment, true)
			agent, _ := newHandshake(agentKeys, 1, attachment, false)
			first, _, _, _ := engine.WriteMessage(nil, nil)
			if _, _, _, err := agent.ReadMessage(nil, first); err != nil {
				t.Fatal(err)
			}
			_, toAgent, toEngine, _ := agent.WriteMessage(nil, nil)
			for _, secret := range [][32]byte{toAgent.UnsafeKey(), toEngine.UnsafeKey()} {
				k, err := newKeyed(chosen, secret)
				if err != nil {
					t.Fatal(err)
				}
				out := sealer{k}
				for range 2 { // one key, then the next
					record, err := out.seal(make([]byte, recordHeader+100+recordTag), 100)
					if err != nil || seen[string(record)] {
						t.Errorf("the same key, or %v", err)
					}
					seen[string(record)] = true
					out.counter = recordsForKey
				}
			}
		}
	}
}

func TestKeysGoOnAfterManyRecords(t *testing.T) {
	_, peer, lost, _ := meet(t, true, nil)
	for range recordsForKey + 10 {
		peer.say(appendNumbers(nil, kindReport, 0))
	}
	peer.say(appendNumbers(nil, kindPing, 5))
	for peer.hear(kindPong).number != 5 {
	}
	select {
	case err := <-lost:
		t.Error(err)
	default:
	}
}

func TestBothCiphersCarry(t *testing.T) {
	engineKeys, _ := testKeys(t)
	if _, err := chooseSuite(0); !errors.Is(err, ErrHandshake) {
		t.Errorf("without a cipher in common: %v", err)
	}
	if chosen, err := chooseSuite(suiteChaCha); chosen != suiteChaCha || err != nil {
		t.Errorf("%v, %v", chosen, err)
	}
	for _, chosen := range []suite{suiteChaCha, suiteAES128} {
		k, err := newKeyed(chosen, engineKeys.Preshared)
		if err != nil {
			t.Fatal(err)
		}
		out := sealer{k}
		in, _ := newKeyed(chosen, engineKeys.Preshared)
		left, right := memnet.Pipe(memnet.Options{})
		s := &Session{born: time.Now()}
		l := &lane{session: s, stream: right, incoming: recordReader{keyed: in}}
		for size := 1; size <= maxRecord; size = size*3 + 1 {
			buffer := make([]byte, recordHeader+size+recordTag)
			fillPattern(3, 0, buffer[recordHeader:recordHeader+size])
			record, err := out.seal(buffer, size)
			if err != nil {
				t.Fatal(err)
			}
			go left.Write(record)
			plain, err := l.incoming.next(l)
			want := make([]byte, size)
			fillPattern(3, 0, want)
			if err != nil || !bytes.Equal(plain, want) {
				t.Fatalf("%d bytes: %v", size, err)
			}
		}
	}
}

// TestStreamsThatProveNothingDoNotPileUp brings streams whose handshake is begun, and ended, but for the record that proves
// it: they end in time, and only a few are held until then.
func TestStreamsThatProveNothingDoNotPileUp(t *testing.T) {
	for _, test := range []struct {
		name  string
		shake bool
	}{{"nothing said", false}, {"no record", true}} {
		t.Run(test.name, func(t *testing.T) {
			s, peer, lost, _ := meet(t, true, func(config *Config) { config.Timing.Handshake = 300 * time.Millisecond })
			peer.say(appendNumbers(nil, kindPing, 1))
			peer.hear(kindPong)
			var ends []<-chan error
			for range 20 {
				left, right := memnet.Pipe(memnet.Options{})
				ends = append(ends, s.Attach(1, left))
				next := newLane(peer.lane.session, 1, right)
				if test.shake {
					if err := next.shakeHands(); err != nil {
						t.Fatal(err)
					}
				}
			}
			s.mu.Lock()
			held := len(s.arriving)
			s.mu.Unlock()
			if held > arrivingAtMost {
				t.Errorf("%d streams are held", held)
			}
			for number, ended := range ends {
				select {
				case <-ended:
				case <-time.After(deadline):
					t.Fatalf("stream %d is held for good", number)
				}
			}
			peer.say(appendNumbers(nil, kindPing, 2))
			peer.hear(kindPong)
			select {
			case err := <-lost:
				t.Errorf("the lane that there was ended: %v", err)
			default:
			}
		})
	}
}
