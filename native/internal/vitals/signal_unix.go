//go:build unix

package vitals

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// OnSignal calls Say at each SIGUSR1 until the returned function is called. Only root and the process's own user may send one (kill(2)).
func OnSignal(log *slog.Logger) (stop func()) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range asked {
			Say(log)
		}
	}()
	return func() {
		signal.Stop(asked)
		close(asked)
		<-ended
	}
}
