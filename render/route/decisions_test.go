package route

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gwsync/gwsync/render/kong"
)

// decisions are what one rule of Kong's decides. testdata/decisions.txt tells the format.
type decisions struct {
	rule    string
	line    int // of the rule
	flavors []kong.Flavor
	service map[string]any
	routes  []map[string]any
	asked   []string // requests, =, and what is to be
}

// ruleForm says where in which source a rule stands, and what it is.
var ruleForm = regexp.MustCompile(`^(kong/[\w/]+\.lua|src/\w+\.(rs|pest)) [\w. ]+: .+`)

func readDecisions(t *testing.T) []decisions {
	t.Helper()
	text, err := os.ReadFile("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []decisions
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		if word == "==" {
			if !ruleForm.MatchString(rest) {
				t.Errorf("line %d names no rule of Kong's: %s", n, rest)
			}
			out = append(out, decisions{rule: rest, line: n, flavors: []kong.Flavor{kong.TraditionalCompatible, kong.Expressions}})
			continue
		}
		if word == "" || word == "#" || strings.HasPrefix(line, "#") {
			continue
		}
		d := &out[len(out)-1]
		switch word {
		case "in":
			d.flavors = []kong.Flavor{kong.Flavor(rest)}
		case "service":
			d.service = decodeFields(t, rest)
		case ">":
			d.asked = append(d.asked, rest)
		default:
			fields := decodeFields(t, rest)
			fields["name"] = word
			if _, ok := fields["expression"]; ok {
				d.flavors = []kong.Flavor{kong.Expressions}
			}
			d.routes = append(d.routes, fields)
		}
	}
	return out
}

func decodeFields(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return out
}

// state returns the routes with their services: one of HTTP and one of streams.
func (d decisions) state(t *testing.T) kong.State {
	t.Helper()
	var all []kong.Entity
	add := func(k kong.Kind, fields map[string]any) kong.Entity {
		id, ok := fields["id"].(string)
		if !ok {
			id = kong.ID(k, fields["name"].(string))
		}
		e, err := kong.New(k, id, fields, kong.Origin{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
		return e
	}
	services := map[bool]string{}
	for _, protocol := range []string{"http", "tcp"} {
		fields := map[string]any{"name": "s-" + protocol, "host": "s.internal", "port": 80, "protocol": protocol}
		maps.Copy(fields, d.service)
		services[protocol == "tcp"] = add(kong.Services, fields).ID()
	}
	for _, fields := range d.routes {
		if _, ok := fields["protocols"]; !ok {
			fields["protocols"] = []string{"http", "https"}
		}
		list := fmt.Sprint(fields["protocols"])
		fields["service"] = services[strings.Contains(list, "tcp") || strings.Contains(list, "tls") || strings.Contains(list, "udp")]
		add(kong.Routes, fields)
	}
	s, err := kong.NewState(all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decodeRequest reads a request as the table writes it.
func decodeRequest(t *testing.T, text string) Request {
	t.Helper()
	parts := strings.Split(text, " | ")
	method, url, _ := strings.Cut(parts[0], " ")
	req := Request{Method: method, SrcIP: netip.MustParseAddr("192.0.2.9"), SrcPort: 40000, DstIP: netip.MustParseAddr("127.0.0.1")}
	if url == "" {
		req.Method, req.Protocol = "", strings.ToLower(method)
	} else {
		req.Protocol, url, _ = strings.Cut(url, "://")
		i := strings.IndexByte(url, '/')
		req.Host, req.Target = url[:i], url[i:]
	}
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, " ")
		switch {
		case name == "sni":
			req.SNI = value
		case name == "from", name == "to":
			a := netip.MustParseAddrPort(value)
			if name == "from" {
				req.SrcIP, req.SrcPort = a.Addr(), a.Port()
			} else {
				req.DstIP, req.DstPort = a.Addr(), a.Port()
			}
		case strings.HasPrefix(part, "HTTP/"):
			req.Version = part
		default:
			req.Header = append(req.Header, [2]string{strings.TrimSuffix(name, ":"), value})
		}
	}
	return req
}

// TestDecisions asks each rule's routes its requests.
func TestDecisions(t *testing.T) {
	n := 0
	for _, d := range readDecisions(t) {
		for _, f := range d.flavors {
			r, err := New(d.state(t), f)
			if err != nil {
				t.Fatalf("line %d: %v", d.line, err)
			}
			for _, asked := range d.asked {
				n++
				i := strings.LastIndex(asked, " = ")
				req := decodeRequest(t, asked[:i])
				if wrong := differs(r.Match(req), asked[i+len(" = "):], isStreamProtocol(req.Protocol)); wrong != "" {
					t.Errorf("line %d, %s, %s: %s: %s", d.line, d.rule, f, asked, wrong)
				}
				checkExplanation(t, r, req)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d decisions", n)
	}
}

// differs returns what of a match is not as wanted, or "".
func differs(m Match, want string, stream bool) string {
	words := strings.Fields(want)
	if status, err := strconv.Atoi(words[0]); err == nil {
		if !m.Route.IsZero() || m.Status != status && !stream {
			return fmt.Sprintf("got %d %s", m.Status, m.Route.Name())
		}
		return ""
	}
	got := map[string]string{
		"status": strconv.Itoa(m.Status), "prefix": m.Prefix, "path": m.UpstreamPath, "host": m.UpstreamHost, "query": m.Query,
		"location": m.Location, "passthrough": strconv.FormatBool(m.Passthrough),
	}
	for name, text := range m.Captures {
		got["capture."+name] = text
	}
	wanted := map[string]string{"status": "0"}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		wanted[key] = strings.TrimPrefix(value, "~")
	}
	if m.Route.Name() != words[0] {
		return fmt.Sprintf("got %d %s", m.Status, m.Route.Name())
	}
	for key, value := range wanted {
		if got[key] != value {
			return key + " is " + got[key]
		}
	}
	return ""
}
