package main

import (
	"errors"
	"fmt"
	"syscall"
)

// Codes of problems, as sandbox/problems.ts has them.
const (
	codeUnavailable = "sandbox-packages-unavailable"
	codeUntrusted   = "sandbox-packages-untrusted"
	codeDiskFull    = "sandbox-disk-full"
)

// Problem is what kept the packages from being unpacked, told so that the reader can act on it.
type Problem struct {
	Code  string `json:"code"`
	Cause string `json:"cause"`
	Fix   string `json:"fix"`
}

func (p *Problem) Error() string { return p.Cause + " " + p.Fix }

func unavailable(fix, format string, values ...any) *Problem {
	return &Problem{Code: codeUnavailable, Cause: fmt.Sprintf(format, values...), Fix: fix}
}

func untrusted(fix, format string, values ...any) *Problem {
	return &Problem{Code: codeUntrusted, Cause: fmt.Sprintf(format, values...), Fix: fix}
}

const (
	otherMirror = "Check the network and its proxy (http_proxy), or name another mirror of Debian by SLIPWAY_DEBIAN_MIRROR, then start again."
	notDebian   = "Try another network, or name another mirror of Debian by SLIPWAY_DEBIAN_MIRROR. Nothing of it was unpacked."
)

// problemOf makes a Problem of any error: a full disk is one wherever it is met.
func problemOf(err error, folder string) *Problem {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &Problem{
			Code:  codeDiskFull,
			Cause: fmt.Sprintf("The disk became full while Debian packages were unpacked into %s.", folder),
			Fix:   "Make room, or set XDG_CACHE_HOME to another disk. What was fetched is kept and not fetched again.",
		}
	}
	if problem, ok := errors.AsType[*Problem](err); ok {
		return problem
	}
	return unavailable("Read the cause; what was fetched is kept and not fetched again.", "Debian packages could not be unpacked: %v.", err)
}
