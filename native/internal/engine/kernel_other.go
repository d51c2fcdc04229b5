//go:build !linux

package engine

// NewKernel returns nil: the laptop's side of the reach check is not there yet on this system.
func NewKernel() Kernel { return nil }
