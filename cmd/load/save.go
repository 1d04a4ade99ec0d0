package load

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"nodecompare/loadgen"
)

// partialSuffix marks the results of a run that is not over, or was cut short. vegeta reads a file that lacks its end without an
// error, so that only its name can tell.
const partialSuffix = ".partial"

const (
	batchSize = 1024 // results that are handed to the writer together: a channel operation for each would cost more than the rest
	batches   = 16   // that may wait for it; a disk that is slower than the load holds the load up, which the send lag shows
)

// Saver writes each result to a file as vegeta does (encoding/gob), while the load runs and in memory of a fixed size.
//
// Timestamp is when a request was due and Latency counts from then, so that vegeta's report and plot show the same latency as ours, and not the
// one that hides a queue.
type Saver struct {
	path   string
	file   *os.File
	target loadgen.Target
	batch  []vegeta.Result
	full   chan []vegeta.Result
	empty  chan []vegeta.Result
	ended  chan error
}

// Save opens path with .partial behind it, which Close gives its name. Close must follow.
func Save(path string, t loadgen.Target) (*Saver, error) {
	switch i, err := os.Stat(path); {
	case err == nil && !i.Mode().IsRegular():
		return nil, fmt.Errorf("save the results: %s is no regular file: name another one", path)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("save the results: %w", err)
	}
	f, err := os.Create(path + partialSuffix)
	if err != nil {
		return nil, fmt.Errorf("save the results to %s: %w", path, err)
	}
	s := &Saver{
		path: path, file: f, target: t,
		full: make(chan []vegeta.Result, batches), empty: make(chan []vegeta.Result, batches+2), ended: make(chan error, 1),
	}
	for range cap(s.empty) {
		s.empty <- make([]vegeta.Result, 0, batchSize)
	}
	s.batch = <-s.empty
	go func() { s.ended <- s.write() }()
	return s, nil
}

// Each takes one result; it is for loadgen.Attack.Each.
func (s *Saver) Each(x *loadgen.Outcome) {
	if len(s.batch) == batchSize {
		s.full <- s.batch
		s.batch = <-s.empty
	}
	s.batch = append(s.batch, vegeta.Result{
		Seq: x.Seq, Code: uint16(x.Code), Timestamp: x.Due, Latency: x.End.Sub(x.Due),
		BytesOut: uint64(len(s.target.Body)), BytesIn: uint64(x.Bytes), Error: x.Error,
		Method: s.target.Method, URL: s.target.URL,
	})
}

// write ends when full is closed. After an error it goes on taking batches, so that the load does not wait for a disk that is full.
func (s *Saver) write() error {
	w := bufio.NewWriterSize(s.file, 1<<16)
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
	return errors.Join(err, w.Flush())
}

// Close ends the file. Only a whole one gets its name; else it keeps .partial, and the note says so.
func (s *Saver) Close(whole bool) (note string, err error) {
	s.full <- s.batch
	close(s.full)
	err = <-s.ended
	if err == nil {
		err = s.file.Sync() // a rename may reach the disk before the bytes do
	}
	err = errors.Join(err, s.file.Close())
	if err != nil {
		return "", fmt.Errorf("save the results to %s: %w (what could be written is in %s)", s.path, err, s.path+partialSuffix)
	}
	if !whole {
		return "the results until then are in " + s.path + partialSuffix, nil
	}
	if err := os.Rename(s.path+partialSuffix, s.path); err != nil {
		return "", fmt.Errorf("save the results: %w", err)
	}
	return "", nil
}
