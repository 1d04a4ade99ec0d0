package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"nodecompare/cmd/fileio"
	"nodecompare/loadgen"
)

const (
	// batchSize is how many results pass to the writer together. A channel operation for each would
	// cost more than the rest.
	batchSize = 1024
	// batches is how many batches may wait for the writer. A disk slower than the load then delays
	// the load, which the send lag shows.
	batches = 16
)

// Saver writes each result to a file in vegeta's format (encoding/gob), while the load runs and in
// a fixed amount of memory.
//
// Timestamp is when a request was due and Latency counts from then, so that vegeta's report and
// plot show the same latency as this program, and not the one that hides a queue.
type Saver struct {
	ctx     context.Context // of a pipe's reader
	path    string
	file    *fileio.File
	targets []loadgen.Target
	batch   []vegeta.Result
	full    chan []vegeta.Result
	empty   chan []vegeta.Result
	ended   chan error
}

// Save checks that path can be written. Call Close afterwards. For a pipe that nobody reads, Save
// waits until ctx ends.
func Save(ctx context.Context, path string, targets []loadgen.Target) (*Saver, error) {
	f, err := fileio.Create(path)
	if err != nil {
		return nil, fmt.Errorf("save the results: %w", err)
	}
	s := &Saver{
		ctx: ctx, path: path, file: f, targets: targets,
		full: make(chan []vegeta.Result, batches), empty: make(chan []vegeta.Result, batches+2),
		ended: make(chan error, 1),
	}
	for range cap(s.empty) {
		s.empty <- make([]vegeta.Result, 0, batchSize)
	}
	s.batch = <-s.empty
	go func() { s.ended <- s.write() }()
	return s, nil
}

// Each takes one result, for loadgen.Attack.Each.
func (s *Saver) Each(x *loadgen.Outcome) {
	if len(s.batch) == batchSize {
		s.full <- s.batch
		s.batch = <-s.empty
	}
	t := &s.targets[x.Target]
	s.batch = append(s.batch, vegeta.Result{
		Seq: x.Seq, Code: uint16(x.Code), Timestamp: x.Due, Latency: x.End.Sub(x.Due),
		BytesOut: uint64(len(t.Body)), BytesIn: uint64(x.Bytes), Error: x.Error,
		Method: t.Method, URL: t.URL,
	})
}

// write returns when full is closed. After an error it still takes batches, so that the load does
// not wait for a full disk.
func (s *Saver) write() error {
	w := bufio.NewWriterSize(s.file.Content(), 1<<16)
	encode := vegeta.NewEncoder(w)
	var err error
	for batch := range s.full {
		for i := range batch {
			if err == nil {
				err = encode(&batch[i])
			}
		}
		s.empty <- batch[:0]
	}
	if err != nil {
		return err // w has the same error
	}
	return w.Flush()
}

// Close ends the file. Only a complete file gets its name. An incomplete one is stored beside it,
// and the note says where.
func (s *Saver) Close(whole bool) (note string, err error) {
	s.full <- s.batch
	close(s.full)
	err = <-s.ended
	if whole && err == nil {
		if err = s.file.Commit(s.ctx); err != nil {
			return "", fmt.Errorf("save the results: %w", err)
		}
		return "", nil
	}
	where, keepErr := s.file.Keep(s.ctx)
	switch {
	case err != nil && keepErr == nil:
		return "", fmt.Errorf("save the results to %s: %w (what could be written is in %s)", s.path, err, where)
	case err != nil || keepErr != nil:
		return "", fmt.Errorf("save the results to %s: %w", s.path, errors.Join(err, keepErr))
	}
	return "the results until then are in " + where, nil
}
