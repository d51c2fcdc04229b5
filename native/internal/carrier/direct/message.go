package direct

import (
	"encoding/binary"
	"fmt"
	"io"

	"slipway/native/internal/carrier"
)

// writeSealed sends one message behind its length.
func (keys sealed) writeSealed(stream io.Writer, plain []byte) error {
	message, err := keys.out.Encrypt(make([]byte, 2, 2+len(plain)+tagSize), nil, plain)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(message, uint16(len(message)-2))
	_, err = stream.Write(message)
	return err
}

// readSealed reads one message of at most so many bytes, before which it holds nothing.
func (keys sealed) readSealed(stream io.Reader, atMost int) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(stream, length[:]); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(length[:]))
	if size < tagSize || size > atMost+tagSize {
		return nil, fmt.Errorf("%w: a message of %d bytes", carrier.ErrNotOurs, size)
	}
	message := make([]byte, size)
	if _, err := io.ReadFull(stream, message); err != nil {
		return nil, err
	}
	plain, err := keys.in.Decrypt(message[:0], nil, message)
	if err != nil {
		return nil, fmt.Errorf("%w: a message is not authentic", carrier.ErrNotOurs)
	}
	return plain, nil
}
