package postgres

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"nodecompare/servers/child"
)

// KeeperCommand is the hidden command that must call Keep.
const KeeperCommand = "database"

// Keep runs a cluster until ctx ends, for a parent that reads its pid and its URL from out.
func Keep(ctx context.Context, connections int, out io.Writer) error {
	c, err := StartCluster(ctx, connections)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d %s\n", c.PID, c.URL)
	select {
	case <-ctx.Done():
		return c.Stop()
	case <-c.ended:
		return errors.Join(fmt.Errorf("the private PostgreSQL ended by itself: %s", c.words()), c.Stop())
	}
}

// Private is a cluster that another process of this program keeps, so that it ends in order even if
// this one is killed.
type Private struct {
	URL string // of its database, without a schema
	PID int    // of its first process, whose children serve

	keeper *exec.Cmd
	life   io.Closer
	ended  chan struct{}
	said   said
}

// said are the first words of a process.
type said struct {
	mu    sync.Mutex
	words bytes.Buffer
}

const mostSaid = 4 << 10

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.words.Write(b[:min(len(b), mostSaid-s.words.Len())])
	return len(b), nil
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(bytes.TrimSpace(s.words.Bytes()))
}

// keeperTime bounds the end of a keeper, which gives the cluster some of it.
const keeperTime = 2*shutdownTime + 5*time.Second

// StartPrivate starts a cluster for servers with so many connections in all. Stop must follow.
func StartPrivate(ctx context.Context, connections int) (p *Private, err error) {
	if _, err := programs(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own path to start it again: %w", err)
	}
	p = &Private{ended: make(chan struct{})}
	p.keeper = exec.Command(self, KeeperCommand, strconv.Itoa(connections))
	p.keeper.Stderr = &p.said
	out, err := p.keeper.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.life, err = child.StartOwned(p.keeper); err != nil {
		return nil, fmt.Errorf("starting a private PostgreSQL: %w", err)
	}
	line := make(chan string, 1)
	go func() {
		text, readErr := bufio.NewReader(out).ReadString('\n')
		if readErr == nil {
			line <- text
		}
		p.keeper.Wait() // its words say why
		close(p.ended)
	}()
	select {
	case text := <-line:
		if _, err := fmt.Sscan(text, &p.PID, &p.URL); err != nil {
			return nil, errors.Join(fmt.Errorf("starting a private PostgreSQL: it says %q: %w", text, err), p.Stop())
		}
		return p, nil
	case <-p.ended:
		return nil, errors.Join(errors.New(p.said.String()), p.life.Close())
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), p.Stop())
	}
}

// Ended is closed when the cluster has ended.
func (p *Private) Ended() <-chan struct{} { return p.ended }

// Err says how the cluster ended by itself.
func (p *Private) Err() error {
	return fmt.Errorf("the private PostgreSQL ended: %s", p.said.String())
}

// Stop ends the cluster, and waits until its folder is removed.
func (p *Private) Stop() error {
	err := p.life.Close()
	select {
	case <-p.ended:
	case <-time.After(keeperTime):
		err = errors.Join(err, fmt.Errorf("the private PostgreSQL did not end within %v", keeperTime),
			syscall.Kill(-p.keeper.Process.Pid, syscall.SIGKILL))
		<-p.ended
	}
	return err
}
