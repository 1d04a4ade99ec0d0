package websocket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

var controls = map[ws.OpCode]string{ws.OpPing: "ping", ws.OpPong: "pong", ws.OpClose: "close"}

// gobwas hears a stream by gobwas's own reader of messages, which puts fragments together, checks
// and unmasks them in its own way, and reads whatever it likes. It ends with "end" where it wants
// more.
func gobwas(t *testing.T, stream string) string {
	var heard strings.Builder
	source := strings.NewReader(stream)
	r := wsutil.Reader{Source: source, State: ws.StateServerSide, CheckUTF8: true}
	control := func(h ws.Header, payload io.Reader) error {
		b, err := io.ReadAll(payload)
		if err != nil {
			return err
		}
		if int64(len(b)) < h.Length {
			return io.ErrUnexpectedEOF
		}
		fmt.Fprintf(&heard, "%s %s;", controls[h.OpCode], b)
		if h.OpCode == ws.OpClose && len(b) > 0 {
			return ws.CheckCloseFrameData(ws.ParseCloseFrameData(b))
		}
		return nil
	}
	r.OnIntermediate = control
	for {
		h, err := r.NextFrame()
		switch {
		case err != nil:
		case h.OpCode.IsControl():
			err = control(h, &r)
		case h.OpCode == ws.OpBinary:
			return heard.String() + "binary"
		default:
			var b []byte
			if b, err = io.ReadAll(&r); err == nil {
				fmt.Fprintf(&heard, "text %s;", b)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return heard.String()
		}
		if err != nil {
			return heard.String() + "failed"
		}
	}
}

// FuzzParser wants a stream to mean the same however it is cut, and the same as to gobwas's reader
// of messages, but for what that allows: lengths in longer forms, and texts of any length.
func FuzzParser(f *testing.F) {
	for _, s := range streams {
		f.Add([]byte(s.sent), uint16(3))
	}
	f.Fuzz(func(t *testing.T, stream []byte, at uint16) {
		sent := string(stream)
		whole := listen(t, []string{sent})
		if len(sent) > 0 {
			i := int(at) % len(sent)
			if cut := listen(t, []string{sent[:i], sent[i:]}); cut != whole {
				t.Errorf("%q cut at %d: %q, whole %q", sent, i, cut, whole)
			}
		}
		sameAsGobwas(t, sent, whole)
	})
}

func sameAsGobwas(t *testing.T, sent, heard string) {
	t.Helper()
	ours := strings.ReplaceAll(heard, "part ;", "")
	theirs := gobwas(t, sent)
	said, failed := ours, ""
	for _, code := range []string{"1002", "1003", "1007", "1009"} {
		if before, ok := strings.CutSuffix(ours, code); ok {
			said, failed = before, code
		}
	}
	switch failed {
	case "":
		theirs = strings.TrimSuffix(theirs, "failed") // at a letter that is broken, and not yet whole
	case "1003":
		if !strings.HasSuffix(theirs, "binary") && !strings.HasSuffix(theirs, "failed") {
			t.Errorf("%q: heard %q, gobwas %q", sent, heard, theirs)
		}
	}
	if failed == "" && theirs != said || !strings.HasPrefix(theirs, said) {
		t.Errorf("%q: heard %q, gobwas %q", sent, heard, theirs)
	}
}

func TestStreamsAsGobwasHearsThem(t *testing.T) {
	for name, s := range streams {
		t.Run(name, func(t *testing.T) { sameAsGobwas(t, s.sent, s.want) })
	}
	// gobwas fails what this parser fails, but for its own limits
	for name, s := range streams {
		if !strings.HasSuffix(s.want, "1002") && !strings.HasSuffix(s.want, "1007") || strings.Contains(name, "form") ||
			strings.Contains(name, "half a") {
			continue
		}
		if got := gobwas(t, s.sent); !strings.HasSuffix(got, "failed") {
			t.Errorf("%s: gobwas takes it: %q", name, got)
		}
	}
	if bytes.Contains([]byte(gobwas(t, frame(fin|text, "a"))), []byte("failed")) {
		t.Error("gobwas fails a text")
	}
}
