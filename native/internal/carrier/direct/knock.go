package direct

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/flynn/noise"

	"slipway/native/internal/carrier"
)

// prologue begins what both ends bind a handshake to.
const prologue = "slipway direct 1"

// errStrange is of whatever shows no knowledge of the session's keys.
var errStrange = errors.New("no knock of this session")

var suite = noise.NewCipherSuite(noise.DH25519, noise.CipherChaChaPoly, noise.HashBLAKE2s)

type hint [hintSize]byte

// knocker makes and checks the knocks of one session.
type knocker struct {
	keys  carrier.SessionKeys
	hint  hint
	proof []byte // the authenticator's key
}

// newKnocker takes hint and key out of the preshared key (HKDF-Expand, RFC 5869; the key is random already).
func newKnocker(keys carrier.SessionKeys) (*knocker, error) {
	name, err := hkdf.Expand(sha256.New, keys.Preshared[:], prologue+" hint "+keys.Session, hintSize)
	if err != nil {
		return nil, err
	}
	proof, err := hkdf.Expand(sha256.New, keys.Preshared[:], prologue+" knock "+keys.Session, sha256.Size)
	if err != nil {
		return nil, err
	}
	return &knocker{keys: keys, hint: hint(name), proof: proof}, nil
}

// authenticate is HMAC-SHA-256 (RFC 2104) over a knock without its authenticator, cut to proofSize.
func (k *knocker) authenticate(knock []byte) []byte {
	mac := hmac.New(sha256.New, k.proof)
	mac.Write(knock[:hintSize+numberSize])
	mac.Write(knock[hintSize+numberSize+proofSize:])
	return mac.Sum(nil)[:proofSize]
}

// isAuthentic compares in constant time.
func (k *knocker) isAuthentic(knock []byte) bool {
	return hmac.Equal(k.authenticate(knock), knock[hintSize+numberSize:hintSize+numberSize+proofSize])
}

func numberOf(knock []byte) uint64 { return binary.BigEndian.Uint64(knock[hintSize:]) }

func (k *knocker) handshake(number uint64, isEngine bool) (*noise.HandshakeState, error) {
	bound := append([]byte(prologue), byte(len(k.keys.Session)))
	bound = append(bound, k.keys.Session...)
	bound = binary.BigEndian.AppendUint64(bound, number)
	config := noise.Config{
		CipherSuite: suite, Random: rand.Reader, Pattern: noise.HandshakeIK, Initiator: isEngine, Prologue: bound,
		PresharedKey: k.keys.Preshared[:], PresharedKeyPlacement: 2,
		StaticKeypair: noise.DHKey{Private: k.keys.Private[:], Public: k.keys.Public[:]},
	}
	if isEngine {
		config.PeerStatic = k.keys.Peer[:]
	}
	return noise.NewHandshakeState(config)
}

// knock makes the engine's first message.
func (k *knocker) knock(number uint64) (message []byte, state *noise.HandshakeState, err error) {
	if state, err = k.handshake(number, true); err != nil {
		return nil, nil, err
	}
	message = append(make([]byte, 0, knockSize), k.hint[:]...)
	message = binary.BigEndian.AppendUint64(message, number)
	message = append(message, make([]byte, proofSize)...)
	if message, _, _, err = state.WriteMessage(message, nil); err != nil {
		return nil, nil, err
	}
	copy(message[hintSize+numberSize:], k.authenticate(message))
	return message, state, nil
}

// sealed are the keys of both directions of a connection.
type sealed struct{ out, in *noise.CipherState }

// finish reads the agent's answer.
func finish(state *noise.HandshakeState, answer []byte) (sealed, error) {
	payload, toAgent, toEngine, err := state.ReadMessage(nil, answer)
	if err != nil || len(payload) != 0 || toAgent == nil {
		return sealed{}, fmt.Errorf("%w: its handshake failed", carrier.ErrNotOurs)
	}
	return sealed{out: toAgent, in: toEngine}, nil
}

// answer is the agent's part: it takes a knock that is authentic, and makes the second message. isNew notes the number of
// one that the engine's own key made; before that, who knows the preshared key alone could use numbers up.
func (k *knocker) answer(knock []byte, isNew func(number uint64) bool) (message []byte, keys sealed, err error) {
	state, err := k.handshake(numberOf(knock), false)
	if err != nil {
		return nil, sealed{}, err
	}
	payload, _, _, err := state.ReadMessage(nil, knock[hintSize+numberSize+proofSize:])
	if err != nil || len(payload) != 0 || [32]byte(state.PeerStatic()) != k.keys.Peer || !isNew(numberOf(knock)) {
		return nil, sealed{}, errStrange
	}
	message, toAgent, toEngine, err := state.WriteMessage(nil, nil)
	return message, sealed{out: toEngine, in: toAgent}, err
}
