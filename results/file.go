package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Encode writes a record, or any other result, as indented JSON.
func Encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // targets have & and ? in them, and people read this
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// Decode reads a record. The error says whether it is cut short, another tool's file, or of another schema.
func Decode(r io.Reader) (*Record, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
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
		return nil, fmt.Errorf("schema version %d, written by %s %s; this program reads version %d: use the one that wrote it, or bench again",
			head.SchemaVersion, Tool, head.ToolVersion, SchemaVersion)
	}
	rec := new(Record)
	if err := json.Unmarshal(text, rec); err != nil {
		return nil, explain(text, err)
	}
	return rec, nil
}

// explain puts a line number to an error of encoding/json, which knows offsets only.
func explain(text []byte, err error) error {
	at := int64(-1)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = s.Offset
	} else if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = t.Offset
	}
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return errors.New("the file is empty")
	case at < 0 || at > int64(len(text)):
		return err
	case at == int64(len(text)):
		return fmt.Errorf("the file is cut short after line %d: %w", 1+bytes.Count(text, []byte("\n")), err)
	}
	return fmt.Errorf("line %d: %w", 1+bytes.Count(text[:at], []byte("\n")), err)
}

// Load reads a record from a file.
func Load(path string) (*Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load a record: %w", err)
	}
	r, err := Decode(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("load a record: %s: %w", path, err)
	}
	return r, nil
}

// File is a file in the making: a temporary one beside the final name, which it takes only when it is whole.
type File struct {
	path string
	temp *os.File
}

// Create makes sure, before anything is measured, that path can be written. Write or Discard must follow.
func Create(path string) (*File, error) {
	switch i, err := os.Stat(path); {
	case err == nil && i.IsDir():
		return nil, fmt.Errorf("write %s: it is a folder: name a file", path)
	case err == nil && !i.Mode().IsRegular():
		return nil, fmt.Errorf("write %s: it is no regular file: name another one, or use standard output", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &File{path, temp}, nil
}

// Write has content write the file and gives it its name, or leaves what was there before: a reader, now or after a crash, finds the
// old file or the new one, and never a part.
func (f *File) Write(content func(io.Writer) error) error {
	buffered := bufio.NewWriter(f.temp)
	err := content(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.temp.Chmod(0o644) // CreateTemp's 0600 is for secrets
	}
	if err == nil {
		err = f.temp.Sync() // a rename may reach the disk before the bytes do
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.path, err), f.Discard())
	}
	if err := f.temp.Close(); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.path, err), os.Remove(f.temp.Name()))
	}
	if err := os.Rename(f.temp.Name(), f.path); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.path, err), os.Remove(f.temp.Name()))
	}
	return nil
}

// Discard removes the temporary file; what path held before is as it was.
func (f *File) Discard() error {
	if err := errors.Join(f.temp.Close(), os.Remove(f.temp.Name())); err != nil {
		return fmt.Errorf("discard the unfinished %s: %w", f.path, err)
	}
	return nil
}
