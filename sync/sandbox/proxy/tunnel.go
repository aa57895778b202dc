package proxy

import (
	"io"
	"net"
	"net/http"
	"time"
)

// tunnel connects the client with a backend that has switched protocols, until either side ends it.
func tunnel(w http.ResponseWriter, r *response) {
	defer r.upgraded.Close()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this connection cannot be upgraded", http.StatusInternalServerError)
		return
	}
	defer client.Close()
	_, _ = io.WriteString(buffered, "HTTP/1.1 101 Switching Protocols\r\n")
	_ = r.header.Write(buffered)
	_, _ = io.WriteString(buffered, "\r\n")
	if buffered.Flush() != nil {
		return
	}
	done := make(chan struct{}, 2)
	pipe := func(to io.Writer, from io.Reader) {
		_, _ = io.Copy(to, from)
		done <- struct{}{}
	}
	go pipe(r.upgraded, buffered)
	go pipe(client, r.upgraded)
	<-done
	_ = client.SetDeadline(time.Unix(1, 0)) // wakes the other direction
	_ = r.upgraded.Close()
	<-done
}

// tunnelBody is the connection to a backend that has switched protocols, with what was read of it already.
type tunnelBody struct {
	io.Reader
	net.Conn
}

func (t tunnelBody) Read(b []byte) (int, error) { return t.Reader.Read(b) }
