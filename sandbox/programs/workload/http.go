package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"
)

// serveHTTP answers on 8080, and figures for a second named port on 9090.
func serveHTTP() error {
	pages := http.NewServeMux()
	pages.HandleFunc("/", answerWho)
	pages.HandleFunc("GET /healthz", func(writer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(writer, "ok") })
	pages.HandleFunc("GET /slow", answerSlowly)
	pages.HandleFunc("GET /blob", sendBlob)
	pages.HandleFunc("PUT /blob", receiveBlob)
	pages.HandleFunc("POST /blob", receiveBlob)
	figures := http.NewServeMux()
	figures.HandleFunc("/", func(writer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(writer, "sandbox_up{pod=%q} 1\n", podName())
	})
	failed := make(chan error)
	go func() { failed <- http.ListenAndServe(":9090", figures) }()
	go func() { failed <- http.ListenAndServe(":8080", pages) }()
	log.Printf("%s answers HTTP on 8080 and 9090", podName())
	return <-failed
}

// answerWho tells which pod answers, where it runs, and what it was asked by whom.
func answerWho(writer http.ResponseWriter, request *http.Request) {
	writer.Header().Set("Content-Type", "application/json")
	json.NewEncoder(writer).Encode(map[string]any{
		"pod": podName(), "podIP": os.Getenv("POD_IP"), "node": os.Getenv("NODE_NAME"), "namespace": os.Getenv("POD_NAMESPACE"),
		"method": request.Method, "host": request.Host, "path": request.URL.RequestURI(), "remote": request.RemoteAddr,
	})
}

// answerSlowly writes a line each second for ?seconds=N: a response that lives long.
func answerSlowly(writer http.ResponseWriter, request *http.Request) {
	seconds := 10
	fmt.Sscanf(request.URL.Query().Get("seconds"), "%d", &seconds)
	for second := range seconds {
		fmt.Fprintf(writer, "%d %s\n", second, podName())
		if err := http.NewResponseController(writer).Flush(); err != nil {
			return
		}
		select {
		case <-request.Context().Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func podName() string {
	if name := os.Getenv("POD_NAME"); name != "" {
		return name
	}
	name, err := os.Hostname()
	if err != nil {
		return net.IPv4zero.String()
	}
	return name
}
