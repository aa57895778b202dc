package backend

import (
	"context"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/reflection"
	pb "sigs.k8s.io/gateway-api/conformance/echo-basic/grpcechoserver"
)

func (b *Backend) startGRPC() error {
	serve := func(o ...grpc.ServerOption) func(net.Listener) error {
		s := grpc.NewServer(o...)
		pb.RegisterGrpcEchoServer(s, grpcEcho{Backend: b})
		reflection.Register(s)
		b.atExit(s.Stop)
		return s.Serve
	}
	if err := b.listen(3000, serve()); err != nil || b.pod.Certificate == nil {
		return err
	}
	return b.listen(8443, serve(grpc.Creds(credentials.NewTLS(b.secure()))))
}

// grpcEcho answers calls with what they are. Of the methods of the service, EchoThree is not implemented.
type grpcEcho struct {
	pb.UnimplementedGrpcEchoServer
	*Backend
}

// Echo answers the method of that name.
func (e grpcEcho) Echo(ctx context.Context, r *pb.EchoRequest) (*pb.EchoResponse, error) {
	return e.answer(ctx, r), nil
}

// EchoTwo answers the method of that name.
func (e grpcEcho) EchoTwo(ctx context.Context, r *pb.EchoRequest) (*pb.EchoResponse, error) {
	return e.answer(ctx, r), nil
}

func (e grpcEcho) answer(ctx context.Context, r *pb.EchoRequest) *pb.EchoResponse {
	method, _ := grpc.Method(ctx)
	e.printf("Received %s: %v\n", method, r)
	a := &pb.Assertions{
		FullyQualifiedMethod: method,
		Context:              &pb.Context{Namespace: e.pod.Namespace, ServiceName: e.pod.Service, Pod: e.pod.Name},
	}
	sent, _ := metadata.FromIncomingContext(ctx)
	for name, values := range sent {
		for _, v := range values {
			a.Headers = append(a.Headers, &pb.Header{Key: name, Value: v})
			if name == ":authority" {
				a.Authority = v
			}
		}
	}
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			t := tlsOf(&info.State)
			a.TlsAssertions = &pb.TLSAssertions{
				Version: t.Version, ServerName: t.ServerName, NegotiatedProtocol: t.NegotiatedProtocol, CipherSuite: t.CipherSuite,
				PeerCertificates: t.PeerCertificates,
			}
		}
	}
	return &pb.EchoResponse{Assertions: a}
}
