//go:build linux

package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestRefusalsAreToldSeldomAndWhenThereAreNewOnes(t *testing.T) {
	path := attackedPath(t)
	var text bytes.Buffer
	log, told := slog.New(slog.NewTextHandler(&text, nil)), &refusals{}
	for minute, wanted := range []int{0, 1, 1, 2} { // lines
		if minute == 1 || minute == 3 {
			for range 1000 {
				arrive(path, datagramOf("8.8.8.8:1", attackedLaptop+":2", "forged"))
			}
		}
		for range refusalsEvery {
			told.tick(log, path)
		}
		if lines := strings.Count(text.String(), "\n"); lines != wanted {
			t.Errorf("minute %d: %d lines, want %d", minute, lines, wanted)
		}
	}
	if !strings.Contains(text.String(), "laptop=map[source:2000]") {
		t.Errorf("not counted: %s", text.String())
	}
}
