// Command office is what the laptop finds outside of the cluster: the resolver of
// the office LAN and a web server for the few outside names that it knows. Every
// other name is NXDOMAIN at once, so that a query that leaks out of the cluster
// shows. Each query is written to a log that tests read. It must never ask
// anybody else: no packet of the sandbox leaves the machine.
//
//	office -resolver ADDRESS,… -web ADDRESS,… -names NAME=ADDRESS,… -queries FILE
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

func main() {
	resolvers := flag.String("resolver", "", "addresses that answer DNS, comma separated")
	web := flag.String("web", "", "addresses that answer HTTP on port 80, comma separated")
	names := flag.String("names", "", "NAME=ADDRESS, comma separated")
	queries := flag.String("queries", "", "file that each query is appended to")
	flag.Parse()
	zone, err := parseNames(*names)
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.OpenFile(*queries, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	failed := make(chan error)
	for _, address := range strings.Split(*web, ",") {
		go func() { failed <- http.ListenAndServe(net.JoinHostPort(address, "80"), http.HandlerFunc(answerWeb)) }()
	}
	answerer := &answerer{zone: zone, queries: file}
	for _, address := range strings.Split(*resolvers, ",") {
		for _, network := range []string{"udp", "tcp"} {
			go func() { failed <- answerer.serve(network, net.JoinHostPort(address, "53")) }()
		}
	}
	log.Fatal(<-failed)
}

func parseNames(text string) (map[string]netip.Addr, error) {
	zone := map[string]netip.Addr{}
	for _, pair := range strings.Split(text, ",") {
		name, value, found := strings.Cut(pair, "=")
		address, err := netip.ParseAddr(value)
		if !found || err != nil {
			return nil, fmt.Errorf("%q is not NAME=ADDRESS", pair)
		}
		zone[strings.ToLower(name)+"."] = address
	}
	return zone, nil
}

func answerWeb(writer http.ResponseWriter, request *http.Request) {
	fmt.Fprintf(writer, "outside: %s %s asked by %s\n", request.Host, request.URL.Path, request.RemoteAddr)
}
