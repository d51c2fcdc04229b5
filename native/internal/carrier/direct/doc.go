// Package direct carries lanes over TCP connections from the laptop straight to a port of the agent's pod, past the API
// server. It proves the agent to the engine and the engine to the agent, and nothing else: what a lane carries afterwards
// is sealed as on every other way. It chooses no address, and listens nowhere unless a session asked for it.
//
// # Connection
//
// The engine begins with a knock of knockSize bytes: a hint that names the session to those who know it (8 bytes), the
// number of the knock (8 bytes, big endian), an authenticator over the rest with a key of the session (16 bytes), and
// the first message of a handshake, Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s, bound to the session and the number. The agent
// answers what is authentic and did not come before by the second message (answerSize bytes), and anything else not at
// all. Then the engine sends the sealed opening behind its length (2 bytes, big endian), which no replay can, and the
// connection is the lane's. After an opening of kind "probe" both ends send sealed messages, each behind its length:
// the agent sends back what it gets.
package direct

import (
	"time"

	"slipway/native/internal/wire"
)

// Sizes in bytes.
const (
	hintSize   = 8
	numberSize = 8
	proofSize  = 16
	firstSize  = 32 + 48 + 16 // the ephemeral key, the sealed static one, and the tag of an empty payload
	knockSize  = hintSize + numberSize + proofSize + firstSize
	answerSize = 32 + 16
	tagSize    = 16

	// openingAtMost is far over what the opening of a lane needs.
	openingAtMost = 1 << 10

	// askAtMost is the largest message of a probe.
	askAtMost = 16 << 10

	// unsentAtMost is how much of a lane may wait in the kernel before its first transmission. It is what a request
	// waits behind; the kernel sends on while more comes.
	unsentAtMost = 128 << 10
)

// Bounds of what strangers can make the agent hold and do.
const (
	// strangersAtMost is how many connections may be there that have not proved themselves. Where there are too many, the
	// oldest of the address that has most makes way.
	strangersAtMost = 64

	// knocksEachSecond is how many connections are looked at, on average; others wait in the kernel's queue, which is
	// bounded too. An engine that waits there has its lanes elsewhere.
	knocksEachSecond = 200

	// probesAtMost is how many probes of one session there may be: one for each candidate, and as many that end.
	probesAtMost = 2 * wire.CandidatesAtMost

	// pastAtMost is of how many guests that may not enter any more it is remembered which knocks came.
	pastAtMost = 64

	// patience is for everything until the opening.
	patience = 5 * time.Second

	// probeSilence is how long a probe may say nothing; an engine that uses one asks each second at least.
	probeSilence = 30 * time.Second
)
