package hostnet

import (
	"errors"
	"os"
	"testing"
	"time"

	"slipway/native/internal/hostnet/laptoptest"
	"slipway/native/internal/rootonly"
)

func TestALockWaitsForAHolderThatIsEnding(t *testing.T) {
	laptoptest.Reset(t)
	const path = "/run/slipway/lease.lock"
	ending, err := TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TryLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("a lock that is held: %v", err)
	}
	time.AfterFunc(100*time.Millisecond, ending.Release)
	lock, err := TakeLock(path)
	if err != nil {
		t.Fatalf("a holder that ends: %v", err)
	}
	if _, err := TakeLock(path); !errors.Is(err, ErrLocked) {
		t.Errorf("a holder that lives: %v", err)
	}
	lock.Release()
}

func TestALockIsTakenOnlyWhereItIsRootsAlone(t *testing.T) {
	const user, path = 4001, "/run/slipway/lease.lock"
	for name, attack := range map[string]func() error{
		"the folder is the user's": func() error { return os.Chown("/run/slipway", user, user) },
		"the lock is a symlink":    func() error { return os.Symlink("/etc/passwd", path) },
		"a symlink leads nowhere":  func() error { return os.Symlink("/etc/made-by-root", path) },
		"the lock is a second name of a file of root's": func() error {
			return errors.Join(os.WriteFile("/run/precious", nil, 0o600), os.Link("/run/precious", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			laptoptest.Reset(t)
			if err := errors.Join(os.Mkdir("/run/slipway", 0o755), attack()); err != nil {
				t.Fatal(err)
			}
			before := laptoptest.Snapshot(t)
			if _, err := TryLock(path); !errors.Is(err, rootonly.ErrExposed) {
				t.Error(err)
			}
			laptoptest.ExpectSnapshot(t, before)
		})
	}
}
