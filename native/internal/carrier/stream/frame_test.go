package stream

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"slipway/native/internal/carrier"
)

// decodeAll returns the payloads of a whole stream and what it ended with.
func decodeAll(reader io.Reader) (payloads [][]byte, err error) {
	d := &decoder{}
	for {
		payload, err := d.next()
		if err != nil {
			return payloads, err
		}
		if payload != nil {
			payloads = append(payloads, bytes.Clone(payload))
			continue
		}
		if err := d.fill(reader); err != nil {
			return payloads, err
		}
	}
}

func message(kind byte, size int) []byte {
	m := bytes.Repeat([]byte{kind ^ byte(size)}, size)
	m[0] = kind
	return m
}

func TestFramesComeOutAsTheyWentIn(t *testing.T) {
	var sent [][]byte
	var stream []byte
	for i, size := range []int{1, 32, 148, 1500, 16032, carrier.MaxMessage, 9, carrier.MaxMessage, 1} {
		m := message(byte(1+i%4), size)
		sent = append(sent, m)
		stream = appendFrame(stream, m)
	}
	for name, reader := range map[string]io.Reader{
		"whole":       bytes.NewReader(stream),
		"halves":      iotest.HalfReader(bytes.NewReader(stream)),
		"single":      iotest.OneByteReader(bytes.NewReader(stream)),
		"end at once": iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		got, err := decodeAll(reader)
		if err != io.EOF {
			t.Errorf("%s: ended with %v", name, err)
		}
		if len(got) != len(sent) {
			t.Fatalf("%s: %d of %d frames", name, len(got), len(sent))
		}
		for i := range sent {
			if !bytes.Equal(got[i], sent[i]) {
				t.Errorf("%s: frame %d changed", name, i)
			}
		}
	}
}

func TestHostileFramesAreErrors(t *testing.T) {
	good := appendFrame(nil, message(4, 100))
	for name, test := range map[string]struct {
		stream []byte
		want   error
	}{
		"length 0":             {[]byte{0, 0, 4}, ErrFrameEmpty},
		"type 0":               {[]byte{0, 1, 0}, ErrFrameUnknown},
		"type 5":               {[]byte{0, 1, 5}, ErrFrameUnknown},
		"type 0x7f":            {[]byte{0, 1, 0x7f}, ErrFrameUnknown},
		"type 0x81":            {[]byte{0, 9, 0x81, 0, 0, 0, 0, 0, 0, 0, 0}, ErrFrameUnknown},
		"unknown, before rest": {[]byte{0xff, 0xff, 0x20}, ErrFrameUnknown},
		"short report":         {[]byte{0, 8, 0x80}, ErrReportInvalid},
		"long report":          {[]byte{0, 10, 0x80}, ErrReportInvalid},
		"half a length":        {good[:1], io.ErrUnexpectedEOF},
		"cut":                  {good[:len(good)-1], io.ErrUnexpectedEOF},
	} {
		got, err := decodeAll(bytes.NewReader(append(bytes.Clone(good), test.stream...)))
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v instead of %v", name, err, test.want)
		}
		if len(got) != 1 {
			t.Errorf("%s: %d frames instead of the one before", name, len(got))
		}
	}
}

func FuzzDecoder(f *testing.F) {
	f.Add(appendFrame(appendReport(nil, 77), message(1, 148)), 3)
	f.Add(appendFrame(nil, message(4, carrier.MaxMessage)), 4096)
	f.Add([]byte{0, 0}, 1)
	f.Fuzz(func(t *testing.T, stream []byte, step int) {
		whole, wholeErr := decodeAll(bytes.NewReader(stream))
		pieces, piecesErr := decodeAll(&stepReader{stream, max(1, step%5000)})
		if len(whole) != len(pieces) || (wholeErr == nil) != (piecesErr == nil) || wholeErr.Error() != piecesErr.Error() {
			t.Fatalf("%d frames and %v whole, %d and %v in pieces", len(whole), wholeErr, len(pieces), piecesErr)
		}
		var again []byte
		for i, payload := range whole {
			if len(payload) == 0 || !bytes.Equal(payload, pieces[i]) {
				t.Fatalf("frame %d differs", i)
			}
			again = appendFrame(again, payload)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatal("what was decoded is not what was there")
		}
	})
}

type stepReader struct {
	rest []byte
	step int
}

func (r *stepReader) Read(into []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(into, r.rest[:min(r.step, len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}
