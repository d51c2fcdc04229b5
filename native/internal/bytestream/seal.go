package bytestream

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/sys/cpu"
)

const (
	recordHeader = 3
	recordTag    = 16

	// recordsForKey is after how many records a direction goes on with the next key: at most 8 GiB, far below what
	// either cipher bears (RFC 8446, section 5.5).
	recordsForKey = 1 << 16
)

// suite is a cipher of records; the numbers are bits of the handshake's payload.
type suite byte

const (
	suiteChaCha suite = 1 << iota // ChaCha20-Poly1305
	suiteAES128                   // AES-128-GCM, where both processors have it
)

// ownSuites are those that this machine is good at.
func ownSuites() suite {
	if cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 || cpu.ARM64.HasAES && cpu.ARM64.HasPMULL || cpu.S390X.HasAESGCM {
		return suiteChaCha | suiteAES128
	}
	return suiteChaCha
}

func chooseSuite(theirs suite) (suite, error) {
	switch both := ownSuites() & theirs; {
	case both&suiteAES128 != 0:
		return suiteAES128, nil
	case both&suiteChaCha != 0:
		return suiteChaCha, nil
	}
	return 0, fmt.Errorf("%w: no cipher in common", ErrHandshake)
}

// keyed is one direction of a lane: a cipher, and how many records its key has sealed.
type keyed struct {
	suite   suite
	secret  []byte
	aead    cipher.AEAD
	counter uint64
	nonce   [12]byte
}

// newKeyed begins with a key that the handshake made for the direction.
func newKeyed(chosen suite, secret [32]byte) (keyed, error) {
	k := keyed{suite: chosen, secret: secret[:]}
	return k, k.rekey("slipway flows 1 first")
}

// rekey replaces the key by one that cannot be turned back (HKDF-Expand, RFC 5869).
func (k *keyed) rekey(label string) (err error) {
	expand := func(label string, size int) (key []byte) {
		if err == nil {
			key, err = hkdf.Expand(sha256.New, k.secret, label, size)
		}
		return key
	}
	size := chacha20poly1305.KeySize
	if k.suite == suiteAES128 {
		size = 16
	}
	key, secret := expand(label+" key", size), expand(label+" secret", 32)
	if err != nil {
		return err
	}
	clear(k.secret)
	k.secret, k.counter = secret, 0
	if k.suite == suiteAES128 {
		block, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		k.aead, err = cipher.NewGCM(block)
		return err
	}
	k.aead, err = chacha20poly1305.New(key)
	return err
}

// next gives the nonce of the next record.
func (k *keyed) next() ([]byte, error) {
	if k.counter == recordsForKey {
		if err := k.rekey("slipway flows 1 next"); err != nil {
			return nil, err
		}
	}
	binary.BigEndian.PutUint64(k.nonce[4:], k.counter)
	k.counter++
	return k.nonce[:], nil
}

// sealer seals what goes out.
type sealer struct{ keyed }

func (s *sealer) name() string {
	if s.suite == suiteAES128 {
		return "AES-128-GCM"
	}
	return "ChaCha20-Poly1305"
}

// seal makes a record of so many bytes that stand behind the header's place in buffer, in place.
func (s *sealer) seal(buffer []byte, size int) ([]byte, error) {
	nonce, err := s.next()
	if err != nil {
		return nil, err
	}
	length := size + recordTag
	header := buffer[:recordHeader]
	header[0], header[1], header[2] = byte(length>>16), byte(length>>8), byte(length)
	plain := buffer[recordHeader : recordHeader+size]
	s.aead.Seal(plain[:0], nonce, plain, header)
	return buffer[:recordHeader+length], nil
}

// recordReader reads and opens records.
type recordReader struct {
	keyed
	buffer     []byte
	start, end int
}

// recordLength is that of the record at the start, header included; 0 where more must be read to know.
func (r *recordReader) recordLength() (int, error) {
	if r.end-r.start < recordHeader {
		return 0, nil
	}
	head := r.buffer[r.start:]
	length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	if length <= recordTag || length > maxRecord+recordTag {
		return 0, fmt.Errorf("%w: %d bytes", ErrRecord, length)
	}
	return recordHeader + length, nil
}

// hasNext tells whether a whole record waits.
func (r *recordReader) hasNext() bool {
	length, err := r.recordLength()
	return err != nil || length > 0 && r.end-r.start >= length
}

// next gives the frames of the next record, in memory that is valid until then. It waits for the stream.
func (r *recordReader) next(l *lane) ([]byte, error) {
	for {
		length, err := r.recordLength()
		if err != nil {
			return nil, err
		}
		if length > 0 && r.end-r.start >= length {
			record := r.buffer[r.start : r.start+length]
			r.start += length
			nonce, err := r.keyed.next()
			if err != nil {
				return nil, err
			}
			plain, err := r.aead.Open(record[recordHeader:recordHeader], nonce, record[recordHeader:], record[:recordHeader])
			if err != nil {
				return nil, ErrRecord
			}
			return plain, nil
		}
		if err := r.fill(l); err != nil {
			return nil, err
		}
	}
}

// fill reads once.
func (r *recordReader) fill(l *lane) error {
	const whole = recordHeader + maxRecord + recordTag
	switch {
	case r.buffer == nil:
		r.buffer = make([]byte, 2*whole)
	case r.start == r.end:
		r.start, r.end = 0, 0
	case len(r.buffer)-r.start < whole:
		r.end = copy(r.buffer, r.buffer[r.start:r.end])
		r.start = 0
	}
	n, err := l.stream.Read(r.buffer[r.end:])
	r.end += n
	if n > 0 {
		l.hear()
		return nil
	}
	if errors.Is(err, io.EOF) && r.start != r.end {
		return io.ErrUnexpectedEOF
	}
	return err
}
