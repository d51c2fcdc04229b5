package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// headerPatience is how long a mirror may take to answer, stallPatience how long it may then be silent.
const (
	headerPatience = 30 * time.Second
	stallPatience  = 60 * time.Second
)

// attempts are made where another one may help: no connection, a server's own error, a body that was cut.
const attempts = 3

// releaseLimit bounds what is read of a file whose size nobody has said yet.
const releaseLimit = 8 << 20

// Fetcher gets files of a mirror and keeps them in Folder, by what they contain.
type Fetcher struct {
	Client *http.Client
	Folder string
	// Received is told how many bytes came.
	Received func(int)
	// Pause is before another attempt.
	Pause time.Duration
}

// newClient goes by proxy, or where that is empty by http_proxy, https_proxy and no_proxy.
func newClient(proxy string) (*http.Client, error) {
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: headerPatience}).DialContext,
		TLSHandshakeTimeout:   headerPatience,
		ResponseHeaderTimeout: headerPatience,
		// A proxy may not take packages for what their names say; nothing is to unpack them on the way.
		DisableCompression: true,
	}
	if proxy != "" {
		address, err := url.Parse(proxy)
		if err != nil {
			return nil, unavailable("Correct Acquire::http::Proxy in apt's configuration.", "The proxy that apt is told to use is no URL.")
		}
		transport.Proxy = http.ProxyURL(address)
	}
	return &http.Client{Transport: transport}, nil
}

// errNotThere is what a mirror says of a file that it has not.
var errNotThere = errors.New("404 Not Found")

// release gets a file whose content nobody has vouched for yet.
func (f *Fetcher) release(mirror, path string) ([]byte, error) {
	var text []byte
	err := f.try(mirror, path, func(body io.Reader) error {
		var err error
		text, err = io.ReadAll(io.LimitReader(body, releaseLimit))
		return err
	})
	return text, err
}

// file gets the file with that sum, unless it is there, and answers where it is.
func (f *Fetcher) file(mirror, path string, sum FileSum) (string, error) {
	kept := filepath.Join(f.Folder, sum.SHA256)
	if information, err := os.Stat(kept); err == nil && information.Size() == sum.Size && hasSum(kept, sum) {
		return kept, nil
	}
	err := f.try(mirror, path, func(body io.Reader) error { return f.keep(body, kept, sum) })
	return kept, err
}

func hasSum(path string, sum FileSum) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return err == nil && hex.EncodeToString(hash.Sum(nil)) == sum.SHA256
}

// errOtherContent is a body that is not what the archive vouches for.
type errOtherContent struct{ text string }

func (e errOtherContent) Error() string { return e.text }

func (f *Fetcher) keep(body io.Reader, kept string, sum FileSum) error {
	if err := os.MkdirAll(f.Folder, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(f.Folder, ".coming-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(file, hash), io.LimitReader(body, sum.Size+1))
	if err != nil {
		return err
	}
	if size != sum.Size {
		return errOtherContent{fmt.Sprintf("it has not the %d bytes that the archive says", sum.Size)}
	}
	if hex.EncodeToString(hash.Sum(nil)) != sum.SHA256 {
		return errOtherContent{"its SHA256 is not the one that the archive says"}
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), kept)
}

// try gets one file, again where that may help.
func (f *Fetcher) try(mirror, path string, take func(io.Reader) error) error {
	address := strings.TrimSuffix(mirror, "/") + "/" + path
	var err error
	for attempt := range attempts {
		if attempt > 0 {
			time.Sleep(f.Pause)
		}
		if err = f.get(address, take); err == nil || isFinal(err) {
			break
		}
	}
	return f.explain(err, address)
}

func (f *Fetcher) get(address string, take func(io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "slipway-sandbox")
	answer, err := f.Client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotFound {
		return errNotThere
	}
	if answer.StatusCode != http.StatusOK {
		return errStatus{answer.StatusCode, answer.Status}
	}
	silence := time.AfterFunc(stallPatience, func() { cancel(fmt.Errorf("nothing came for %v", stallPatience)) })
	defer silence.Stop()
	err = take(watched{answer.Body, func(count int) {
		silence.Reset(stallPatience)
		f.Received(count)
	}})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// errStatus is an answer other than 200 and 404.
type errStatus struct {
	code int
	text string
}

func (e errStatus) Error() string { return e.text }

type watched struct {
	reader io.Reader
	came   func(int)
}

func (w watched) Read(space []byte) (int, error) {
	count, err := w.reader.Read(space)
	w.came(count)
	return count, err
}

// isFinal says whether another attempt would have the same end.
func isFinal(err error) bool {
	if status, ok := errors.AsType[errStatus](err); ok {
		return status.code < 500
	}
	_, isOther := errors.AsType[errOtherContent](err)
	return isOther || errors.Is(err, errNotThere) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// shownAddress is without the password that a mirror's address may have in it.
func shownAddress(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return "the mirror"
	}
	return parsed.Redacted()
}

// explain tells what a person can do.
func (f *Fetcher) explain(err error, address string) error {
	shown := shownAddress(address)
	if wrong, ok := errors.AsType[*url.Error](err); ok {
		err = wrong.Err
	}
	other, isOther := errors.AsType[errOtherContent](err)
	switch {
	case err == nil || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return err
	case isOther:
		return untrusted(notDebian, "%s is not what Debian's archive has: %s.", shown, other.text)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return unavailable(otherMirror, "%s was cut off %d times.", shown, attempts)
	}
	return errors.Join(err, unavailable(otherMirror, "%s cannot be fetched: %v.", shown, err))
}
