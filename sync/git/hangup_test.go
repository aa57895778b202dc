package git

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// A server may answer and hang up as soon as it has read the request, before the client closes its side: the answer counts.
func TestServerHangsUpAfterItsAnswer(t *testing.T) {
	s := &sshSession{in: hungUp{io.Discard}, out: bufio.NewReader(strings.NewReader("0008NAK\nPACK"))}
	q := packp.NewUploadPackRequest()
	q.Wants = append(q.Wants, plumbing.NewHash(strings.Repeat("1", 40)))
	response, err := s.UploadPack(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if pack, err := io.ReadAll(response); err != nil || string(pack) != "PACK" {
		t.Errorf("got %q, %v", pack, err)
	}
}

// hungUp is the input of a command that has ended: what is written is lost, and closing says EOF, as package ssh does.
type hungUp struct{ io.Writer }

func (hungUp) Close() error { return io.EOF }
