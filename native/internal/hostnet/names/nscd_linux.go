package names

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// nscdSocket is where the name service cache daemon of glibc listens, and unscd in its place.
const nscdSocket = "/run/nscd/socket"

// Of nscd's protocol (glibc, nscd/nscd-client.h).
const (
	nscdVersion    = 2
	nscdInvalidate = 10
	nscdTimeout    = time.Second
)

// invalidateNSCD makes nscd forget the hosts that it keeps: what is missing for 20 s whatever was told, by its usual
// settings. Where none runs there is nothing to forget.
func invalidateNSCD(socket string) error {
	connection, err := net.DialTimeout("unix", socket, nscdTimeout)
	if err != nil {
		return nil
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(nscdTimeout))
	const database = "hosts\x00"
	var request []byte
	for _, number := range []uint32{nscdVersion, nscdInvalidate, uint32(len(database))} {
		request = binary.NativeEndian.AppendUint32(request, number)
	}
	if _, err := connection.Write(append(request, database...)); err != nil {
		return fmt.Errorf("ask nscd to forget hosts: %w", err)
	}
	var answer [4]byte
	if _, err := io.ReadFull(connection, answer[:]); err != nil {
		return fmt.Errorf("ask nscd to forget hosts: %w", err)
	}
	if number := binary.NativeEndian.Uint32(answer[:]); number != 0 {
		return fmt.Errorf("nscd does not forget hosts: error %d", number)
	}
	return nil
}
