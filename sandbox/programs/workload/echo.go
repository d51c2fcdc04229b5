package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"slipway/sandbox/programs/echoservice"
)

// clientDeadline bounds the tiny clients.
const clientDeadline = 5 * time.Second

// serveEcho sends back what it gets, on TCP and UDP 7000.
func serveEcho() error {
	listener, err := net.Listen("tcp", ":7000")
	if err != nil {
		return err
	}
	packets, err := net.ListenPacket("udp", ":7000")
	if err != nil {
		return err
	}
	log.Printf("%s echoes on 7000", podName())
	failed := make(chan error)
	go func() { failed <- echoStreams(listener) }()
	go func() { failed <- echoPackets(packets) }()
	return <-failed
}

func echoStreams(listener net.Listener) error {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer connection.Close()
			// Bare ends: between two TCP connections io.Copy splices, with a pipe for each, and tests open ten thousand.
			io.CopyBuffer(struct{ io.Writer }{connection}, struct{ io.Reader }{connection}, make([]byte, 8<<10))
		}()
	}
}

func echoPackets(packets net.PacketConn) error {
	buffer := make([]byte, 65536)
	for {
		size, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return err
		}
		packets.WriteTo(buffer[:size], from)
	}
}

type sayer struct{}

func (sayer) Say(_ context.Context, text string) (string, error) {
	return fmt.Sprintf("%s says: %s", podName(), text), nil
}

func serveGRPC() error {
	listener, err := net.Listen("tcp", ":9000")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	echoservice.Register(server, sayer{})
	log.Printf("%s answers gRPC on 9000", podName())
	return server.Serve(listener)
}

func get(url string) error {
	client := &http.Client{Timeout: clientDeadline, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}

func lookup(name string) error {
	addresses, err := net.LookupHost(name)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(addresses, "\n"))
	return nil
}

func exchange(network, address, text string) error {
	connection, err := net.DialTimeout(network, address, clientDeadline)
	if err != nil {
		return err
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(clientDeadline))
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
