package eventloop

import "sync"

// pool runs work that would block the loop on a fixed number of goroutines, as libuv's thread pool
// does.
type pool struct {
	loop    *Loop
	workers int

	mu      sync.Mutex
	ready   sync.Cond
	queue   []job // waiting, oldest first
	started int
	idle    int
	stopped bool
	done    sync.WaitGroup
}

type job struct{ work, then func() }

func (p *pool) init(l *Loop, workers int) {
	p.loop, p.workers = l, workers
	p.ready.L = &p.mu
}

// Work runs work on one of the loop's workers, and then runs then on the loop's thread. The queue
// of jobs is unbounded, so callers must bound what they submit, for example by reading one request
// at a time. A stopping loop waits for running work and drops the rest.
func (l *Loop) Work(work, then func()) {
	p := &l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return
	}
	p.queue = append(p.queue, job{work, then})
	if len(p.queue) > p.idle && p.started < p.workers {
		p.started++
		p.done.Go(p.run)
		return
	}
	p.ready.Signal()
}

func (p *pool) run() {
	for {
		j, ok := p.next()
		if !ok {
			return
		}
		j.work()
		p.loop.Post(j.then)
	}
}

// next waits for a job. ok is false once the pool has stopped.
func (p *pool) next() (job, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.queue) == 0 && !p.stopped {
		p.idle++
		p.ready.Wait()
		p.idle--
	}
	if p.stopped {
		return job{}, false
	}
	j := p.queue[0]
	p.queue[0] = job{}
	p.queue = p.queue[1:]
	return j, true
}

// stop ends the workers and waits for their running jobs.
func (p *pool) stop() {
	p.mu.Lock()
	p.stopped = true
	p.queue = nil
	p.ready.Broadcast()
	p.mu.Unlock()
	p.done.Wait()
}
