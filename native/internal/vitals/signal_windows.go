package vitals

import "log/slog"

// OnSignal does nothing: there is no such signal.
func OnSignal(*slog.Logger) (stop func()) { return func() {} }
