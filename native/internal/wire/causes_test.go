package wire

import (
	"errors"
	"testing"
)

func TestACauseIsSaidInEnglishAndById(t *testing.T) {
	problem := CauseHelperLinkEnded.Problem(CodeHelperLost, "reason", errors.New("broken pipe"))
	if problem.Code != CodeHelperLost || problem.Cause != "the connection to the helper ended: broken pipe" {
		t.Fatalf("%+v", problem)
	}
	if problem.Said.ID != "helperLinkEnded" || problem.Said.Values["reason"] != "broken pipe" {
		t.Fatalf("%+v", problem.Said)
	}
	if problem := CauseProtocols.Problem(CodeHelperVersion, "theirs", 1, "ours", 2); problem.Cause != "it speaks protocol 1; this program speaks 2" {
		t.Fatal(problem.Cause)
	}
}
