package lease

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"slipway/native/internal/rootonly"
)

// Modes of the folders: everybody may come as far as the socket, and its own mode decides.
const (
	runtimeMode fs.FileMode = 0o755
	folderMode  fs.FileMode = 0o711
)

// Listen makes the socket of uid under runtimeDirectory. The folders are root's alone, so that nobody can put anything in
// the socket's place; the socket is the user's, and only he may connect. What is somebody else's is
// rootonly.ErrExposed.
func Listen(runtimeDirectory string, uid uint32) (*net.UnixListener, error) {
	above, err := rootonly.Make(runtimeDirectory, runtimeMode)
	if err != nil {
		return nil, fmt.Errorf("make runtime folder: %w", err)
	}
	defer above.Close()
	folder, err := takeFolder(above, filepath.Base(folderOf(runtimeDirectory, uid)))
	if err != nil {
		return nil, fmt.Errorf("make socket folder: %w", err)
	}
	defer folder.Close()
	if err := folder.Remove(SocketName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove an earlier socket: %w", err)
	}
	mask := syscall.Umask(0o177) // bind(2) makes the socket with mode 0600
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: SocketPath(runtimeDirectory, uid), Net: "unix"})
	syscall.Umask(mask)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if err := folder.Lchown(SocketName, int(uid), -1); err != nil {
		listener.Close()
		return nil, fmt.Errorf("give the socket to its user: %w", err)
	}
	return listener, nil
}

// takeFolder makes the folder of one user's socket root's, also one that an older version left to the user. What he put
// into it stays there, and leads nowhere: root touches the socket's own name only.
func takeFolder(above *os.Root, name string) (*os.Root, error) {
	if err := above.Mkdir(name, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	info, err := above.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("something else is in its place: %w", rootonly.ErrExposed)
	}
	if err := above.Lchown(name, 0, 0); err != nil {
		return nil, err
	}
	if err := above.Chmod(name, folderMode); err != nil {
		return nil, err
	}
	return rootonly.Open(filepath.Join(above.Name(), name))
}

// Unlisten removes what Listen made for uid, but for folders with something else in them.
func Unlisten(runtimeDirectory string, uid uint32) {
	above, err := rootonly.Open(runtimeDirectory)
	if err != nil {
		return
	}
	defer above.Close()
	if folder, err := rootonly.Open(folderOf(runtimeDirectory, uid)); err == nil {
		folder.Remove(SocketName)
		folder.Close()
		above.Remove(filepath.Base(folder.Name()))
	}
}
