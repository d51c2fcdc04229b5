package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// What a client computes over a download is what the server says it sent, and what
// the server says of an upload of the same bytes.
func TestBlobChecksumsAgree(t *testing.T) {
	download := httptest.NewRecorder()
	sendBlob(download, httptest.NewRequest(http.MethodGet, "/blob?bytes=100003", nil))
	result := download.Result()
	body, err := io.ReadAll(result.Body)
	if err != nil || len(body) != 100003 {
		t.Fatalf("got %d bytes, %v", len(body), err)
	}
	sum := result.Trailer.Get("X-Content-Sha256")
	if sum == "" || sum != blobSum(100003) {
		t.Fatalf("trailer %q, sum %q", sum, blobSum(100003))
	}
	upload := httptest.NewRecorder()
	receiveBlob(upload, httptest.NewRequest(http.MethodPut, "/blob", bytes.NewReader(body)))
	if !bytes.Contains(upload.Body.Bytes(), []byte(sum)) {
		t.Fatalf("upload says %s, want %s", upload.Body, sum)
	}
}

func TestBlobRefusesNonsense(t *testing.T) {
	recorder := httptest.NewRecorder()
	sendBlob(recorder, httptest.NewRequest(http.MethodGet, "/blob?bytes=-1", nil))
	if recorder.Code != http.StatusBadRequest {
		t.Fatalf("status %d", recorder.Code)
	}
}
