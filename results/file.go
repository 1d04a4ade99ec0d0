package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"nodecompare/results/foreign"
)

// Encode writes a record, or any other result, as indented JSON.
func Encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // keeps & and ? readable in targets
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// Decode reads a record and cleans its text. The error says whether the file is cut short, not from
// this tool, or of another schema.
func Decode(r io.Reader) (*Record, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, errors.New("the file is UTF-16, as PowerShell's > writes it, and a record is UTF-8: " +
			"have it written by --save, or convert it")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var head struct {
		Tool          *string `json:"tool"`
		SchemaVersion int     `json:"schema_version"`
		ToolVersion   string  `json:"tool_version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, explain(text, err)
	}
	if head.Tool == nil || *head.Tool != Tool {
		return nil, fmt.Errorf(`not a record of %s: its JSON has no "tool": %q`, Tool, Tool)
	}
	if head.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("schema version %d, written by %s %.40s; this program reads version %d: use "+
			"the one that wrote it, or bench again",
			head.SchemaVersion, Tool, foreign.Line(head.ToolVersion), SchemaVersion)
	}
	rec := new(Record)
	if err := json.Unmarshal(text, rec); err != nil {
		return nil, explain(text, err)
	}
	rec.Medians = nil // computed again whenever the record is written
	Clean(rec)
	return rec, nil
}

// explain adds a line number to an error of encoding/json, which reports only an offset.
func explain(text []byte, err error) error {
	at, kind := int64(-1), ""
	var mistyped *json.UnmarshalTypeError
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = s.Offset
	} else if errors.As(err, &mistyped) {
		// numbers may have any number of digits
		at, kind = mistyped.Offset, fmt.Sprintf("%.40s", mistyped.Value)
	}
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("the file is empty")
	case at < 0 || at > int64(len(text)):
		return err
	case mistyped != nil && mistyped.Field == "":
		return fmt.Errorf("a record is a JSON object, and the file holds: %s", kind)
	case mistyped != nil:
		err = fmt.Errorf("%s is of another kind than in a record: %s", mistyped.Field, kind)
	case at == int64(len(text)):
		return fmt.Errorf("the file is cut short after line %d", 1+bytes.Count(text, []byte("\n")))
	case len(bytes.TrimSpace(text[:max(at-1, 0)])) < len("{}"):
		return fmt.Errorf("a record is a JSON object, and this is no JSON: it begins with %.20q", bytes.TrimSpace(text))
	default:
		err = fmt.Errorf("this is no JSON: %.20q", text[max(at-1, 0):])
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:at], []byte("\n")), err)
}
