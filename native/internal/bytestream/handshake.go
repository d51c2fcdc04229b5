package bytestream

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/flynn/noise"
)

// Keys of a session. Both ends have the same name and preshared key.
type Keys struct {
	Session   string // its name, which every handshake is bound to
	Private   [32]byte
	Public    [32]byte // of Private
	Peer      [32]byte // public
	Preshared [32]byte
}

// prologue begins what both ends bind a handshake to.
const prologue = "slipway flows 2"

// handshakeMessage is the most that a message of the handshake takes, in bytes.
const handshakeMessage = 256

var handshakeSuite = noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2s)

// newHandshake makes one end of Noise_IKpsk2, in which both know the other's key and the engine begins.
func newHandshake(keys Keys, lane int, attachment uint64, isEngine bool) (*noise.HandshakeState, error) {
	bound := append([]byte(prologue), byte(len(keys.Session)))
	bound = append(bound, keys.Session...)
	bound = append(bound, byte(lane))
	bound = binary.BigEndian.AppendUint64(bound, attachment)
	config := noise.Config{
		CipherSuite: handshakeSuite, Random: rand.Reader, Pattern: noise.HandshakeIK, Initiator: isEngine, Prologue: bound,
		PresharedKey: keys.Preshared[:], PresharedKeyPlacement: 2,
		StaticKeypair: noise.DHKey{Private: keys.Private[:], Public: keys.Public[:]},
	}
	if isEngine {
		config.PeerStatic = keys.Peer[:]
	}
	return noise.NewHandshakeState(config)
}

// shakeHands makes the lane's keys.
func (l *lane) shakeHands() error {
	var err error
	if l.session.config.Accept == nil {
		err = l.initiate()
	} else {
		err = l.respond()
	}
	if err != nil && !errors.Is(err, ErrHandshake) {
		err = fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	return err
}

// initiate is the engine's side: what it can, then what the agent chose.
func (l *lane) initiate() error {
	s := l.session
	s.mu.Lock()
	s.attachments[l.number]++
	l.attachment = s.attachments[l.number]
	s.mu.Unlock()
	state, err := newHandshake(s.config.Keys, l.number, l.attachment, true)
	if err != nil {
		return err
	}
	message, _, _, err := state.WriteMessage(nil, []byte{byte(ownSuites())})
	if err != nil {
		return err
	}
	first := binary.BigEndian.AppendUint64(nil, l.attachment)
	if err := writeMessage(l.stream, append(first, message...)); err != nil {
		return err
	}
	answer, err := readMessage(l.stream)
	if err != nil {
		return err
	}
	payload, toAgent, toEngine, err := state.ReadMessage(nil, answer)
	if err != nil {
		return err
	}
	chosen := suite(0)
	if len(payload) == 1 {
		chosen = suite(payload[0])
	}
	if (chosen != suiteChaCha && chosen != suiteAES128) || chosen&ownSuites() == 0 {
		return fmt.Errorf("%w: a cipher that was not offered", ErrHandshake)
	}
	return l.useKeys(chosen, toAgent, toEngine)
}

// respond is the agent's side.
func (l *lane) respond() error {
	s := l.session
	first, err := readMessage(l.stream)
	if err != nil {
		return err
	}
	if len(first) < 8 {
		return ErrHandshake
	}
	s.mu.Lock()
	l.attachment = binary.BigEndian.Uint64(first)
	s.mu.Unlock()
	state, err := newHandshake(s.config.Keys, l.number, l.attachment, false)
	if err != nil {
		return err
	}
	payload, _, _, err := state.ReadMessage(nil, first[8:])
	if err != nil {
		return err
	}
	if [32]byte(state.PeerStatic()) != s.config.Keys.Peer || len(payload) != 1 {
		return fmt.Errorf("%w: another engine", ErrHandshake)
	}
	chosen, err := chooseSuite(suite(payload[0]))
	if err != nil {
		return err
	}
	answer, toAgent, toEngine, err := state.WriteMessage(nil, []byte{byte(chosen)})
	if err != nil {
		return err
	}
	if err := writeMessage(l.stream, answer); err != nil {
		return err
	}
	return l.useKeys(chosen, toEngine, toAgent)
}

// useKeys takes the keys of both directions; nothing is ever sent without.
func (l *lane) useKeys(chosen suite, out, in *noise.CipherState) (err error) {
	if l.outgoing.keyed, err = newKeyed(chosen, out.UnsafeKey()); err != nil {
		return err
	}
	l.incoming.keyed, err = newKeyed(chosen, in.UnsafeKey())
	return err
}

func writeMessage(stream io.Writer, message []byte) error {
	_, err := stream.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}

func readMessage(stream io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(stream, length[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint16(length[:])
	if size == 0 || size > handshakeMessage {
		return nil, fmt.Errorf("%w: a message of %d bytes", ErrHandshake, size)
	}
	message := make([]byte, size)
	_, err := io.ReadFull(stream, message)
	return message, err
}
