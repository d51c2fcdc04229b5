package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// blobSize is what GET /blob sends without ?bytes=N: 500 MiB.
const blobSize = 500 << 20

// blobStream is the same endless noise each time: AES in counter mode under a fixed
// key does not compress and costs little.
func blobStream(size int64) io.Reader {
	block, err := aes.NewCipher([]byte("sandbox blob key"))
	if err != nil {
		panic(err) // the key's length is right by construction
	}
	return io.LimitReader(cipher.StreamReader{S: cipher.NewCTR(block, make([]byte, aes.BlockSize)), R: zeros{}}, size)
}

type zeros struct{}

func (zeros) Read(buffer []byte) (int, error) {
	clear(buffer)
	return len(buffer), nil
}

// sums remembers the checksum of each size that was asked for.
var sums sync.Map

func blobSum(size int64) string {
	if sum, known := sums.Load(size); known {
		return sum.(string)
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, blobStream(size)); err != nil {
		return ""
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	sums.Store(size, sum)
	return sum
}

// sendBlob sends ?bytes=N bytes; their SHA-256 is in the trailer X-Content-Sha256, and
// with ?sum=1 it is the whole answer.
func sendBlob(writer http.ResponseWriter, request *http.Request) {
	size := int64(blobSize)
	if text := request.URL.Query().Get("bytes"); text != "" {
		wanted, err := strconv.ParseInt(text, 10, 64)
		if err != nil || wanted < 0 {
			http.Error(writer, "bytes is a whole number", http.StatusBadRequest)
			return
		}
		size = wanted
	}
	if request.URL.Query().Get("sum") != "" {
		fmt.Fprintf(writer, "%s\n", blobSum(size))
		return
	}
	writer.Header().Set("Content-Type", "application/octet-stream")
	writer.Header().Set("Trailer", "X-Content-Sha256")
	hash := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{writer}, io.TeeReader(blobStream(size), hash), make([]byte, 256<<10)); err != nil {
		return
	}
	writer.Header().Set("X-Content-Sha256", hex.EncodeToString(hash.Sum(nil)))
}

// receiveBlob tells size and SHA-256 of what was sent to it.
func receiveBlob(writer http.ResponseWriter, request *http.Request) {
	hash := sha256.New()
	size, err := io.CopyBuffer(struct{ io.Writer }{hash}, request.Body, make([]byte, 256<<10))
	if err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	writer.Header().Set("Content-Type", "application/json")
	json.NewEncoder(writer).Encode(map[string]any{"bytes": size, "sha256": hex.EncodeToString(hash.Sum(nil))})
}
