// Command workload is what runs in the sandbox's pods: small servers worth
// browsing, one per role.
//
//	workload http          HTTP on 8080 (and 9090: figures): who answers, big files
//	workload grpc          gRPC on 9000: health and echo
//	workload echo          TCP and UDP echo on 7000
//	workload crash         ends with an error after a moment
//	workload get URL | lookup NAME | tcp HOST:PORT TEXT | udp HOST:PORT TEXT
//	                       tiny clients for use with kubectl exec
package main

import (
	"fmt"
	"log"
	"os"
	"time"
)

func main() {
	log.SetFlags(log.LUTC | log.Ldate | log.Ltime | log.Lmicroseconds)
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 0:
		return serveHTTP()
	case len(arguments) == 1 && arguments[0] == "http":
		return serveHTTP()
	case len(arguments) == 1 && arguments[0] == "grpc":
		return serveGRPC()
	case len(arguments) == 1 && arguments[0] == "echo":
		return serveEcho()
	case len(arguments) == 1 && arguments[0] == "crash":
		time.Sleep(time.Second)
		return fmt.Errorf("the ledger of 1999 cannot be opened: this program always fails")
	case len(arguments) == 2 && arguments[0] == "get":
		return get(arguments[1])
	case len(arguments) == 2 && arguments[0] == "lookup":
		return lookup(arguments[1])
	case len(arguments) == 3 && (arguments[0] == "tcp" || arguments[0] == "udp"):
		return exchange(arguments[0], arguments[1], arguments[2])
	}
	return fmt.Errorf("unknown command %q", arguments)
}
