package hostnet

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestALockWaitsForAHolderThatIsEnding(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "lease.lock")
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
