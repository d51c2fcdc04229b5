// Command probe is a set of clients for tests on the laptop, for what ordinary
// programs do not do or do not tell exactly.
//
//	probe grpc HOST:PORT [TEXT]     health check, then one echo call
//	probe udp HOST:PORT TEXT        sends one datagram, prints the answer
//	probe tcp HOST:PORT TEXT        the same over TCP
//	probe tcp-hold HOST:PORT [EVERY]  keeps a connection: prints "open", then, each EVERY (1s; 0
//	                                is silent), sends a line and waits for its echo and prints "echo N";
//	                                at the end "broken CAUSE": reset, closed, refused, timeout, unreachable…
//
// Standard output is for the test; the exit status is 1 when it went wrong.
// A line "error CAUSE TEXT" tells what went wrong.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"slipway/sandbox/programs/echoservice"
)

// deadline bounds every probe but tcp-hold.
const deadline = 10 * time.Second

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Printf("error %s %v\n", cause(err), err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) >= 2 && len(arguments) <= 3 {
		third := ""
		if len(arguments) == 3 {
			third = arguments[2]
		}
		switch arguments[0] {
		case "grpc":
			return probeGRPC(arguments[1], third)
		case "udp", "tcp":
			return exchange(arguments[0], arguments[1], third)
		case "tcp-hold":
			return hold(arguments[1], third)
		}
	}
	return fmt.Errorf("usage: probe grpc|udp|tcp|tcp-hold HOST:PORT [TEXT]")
}

func probeGRPC(target, text string) error {
	connection, err := grpc.NewClient("passthrough:///"+target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	health, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	fmt.Println("health", health.GetStatus())
	answer, err := echoservice.Say(ctx, connection, text)
	if err != nil {
		return err
	}
	fmt.Println("echo", answer)
	return nil
}

// exchange sends over a connected socket, so that a port-unreachable is heard.
func exchange(network, target, text string) error {
	connection, err := net.DialTimeout(network, target, deadline)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(deadline)); err != nil {
		return err
	}
	if _, err := io.WriteString(connection, text); err != nil {
		return err
	}
	buffer := make([]byte, 65536)
	size, err := connection.Read(buffer)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", buffer[:size])
	return nil
}

func hold(target, every string) error {
	interval := time.Second
	if every != "" {
		parsed, err := time.ParseDuration(every)
		if err != nil {
			return err
		}
		interval = parsed
	}
	// Go's keep-alive would end it after 150 s in which our programs sleep and the kernel of the machine does not.
	dialer := net.Dialer{Timeout: deadline, KeepAlive: -1}
	connection, err := dialer.Dial("tcp", target)
	if err != nil {
		return err
	}
	defer connection.Close()
	fmt.Println("open", connection.LocalAddr(), connection.RemoteAddr())
	if interval == 0 {
		_, err = io.Copy(io.Discard, connection)
	} else {
		err = talk(connection, interval)
	}
	if err == nil {
		err = io.EOF
	}
	fmt.Println("broken", cause(err))
	return err
}

func talk(connection net.Conn, interval time.Duration) error {
	lines := bufio.NewReader(connection)
	for number := 1; ; number++ {
		if _, err := fmt.Fprintf(connection, "%d\n", number); err != nil {
			return err
		}
		if _, err := lines.ReadString('\n'); err != nil {
			return err
		}
		fmt.Println("echo", number)
		time.Sleep(interval)
	}
}

// cause is one word for what a test tells apart.
func cause(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF):
		return "closed"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "unreachable"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "other"
}
