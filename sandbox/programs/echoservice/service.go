// Package echoservice is the sandbox's gRPC service: one call that answers what it
// was sent. Its messages are protobuf's own wrapper types, so that nothing has to
// be generated. Server and client of the sandbox use it; it knows no other.
package echoservice

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	serviceName = "sandbox.Echo"
	sayMethod   = "/" + serviceName + "/Say"
)

// Server answers one call of Say.
type Server interface {
	Say(ctx context.Context, text string) (string, error)
}

// Register makes registrar serve the service by server.
func Register(registrar grpc.ServiceRegistrar, server Server) {
	registrar.RegisterService(&grpc.ServiceDesc{
		ServiceName: serviceName,
		HandlerType: (*Server)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Say", Handler: handleSay}},
	}, server)
}

// Say calls the service.
func Say(ctx context.Context, connection grpc.ClientConnInterface, text string) (string, error) {
	answer := new(wrapperspb.StringValue)
	if err := connection.Invoke(ctx, sayMethod, wrapperspb.String(text), answer); err != nil {
		return "", err
	}
	return answer.GetValue(), nil
}

func handleSay(server any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := new(wrapperspb.StringValue)
	if err := decode(request); err != nil {
		return nil, err
	}
	answer, err := server.(Server).Say(ctx, request.GetValue())
	if err != nil {
		return nil, err
	}
	return wrapperspb.String(answer), nil
}
