package eventloop_test

import (
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func BenchmarkTimerSetAndStopAmong10000(b *testing.B) {
	l := start(b, 1)
	on(b, l, func() {
		timers := make([]eventloop.Timer, 10_000)
		for i := range timers {
			timers[i].Init(l, func() {})
			timers[i].Set(time.Hour + time.Duration(i*7919%10_007)*time.Millisecond)
		}
		var timer eventloop.Timer
		timer.Init(l, func() {})
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			timer.Set(time.Hour + time.Duration(i*31%10_007)*time.Millisecond)
			timer.Stop()
		}
	})
}

func BenchmarkPost(b *testing.B) {
	l := start(b, 1)
	answer := make(chan struct{}, 1)
	f := func() { answer <- struct{}{} }
	b.Run("toASleepingLoop", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l.Post(f)
			<-answer
		}
	})
	b.Run("inBatchesOf100", func(b *testing.B) {
		b.ReportAllocs()
		nothing := func() {}
		for b.Loop() {
			for range 99 {
				l.Post(nothing)
			}
			l.Post(f)
			<-answer
		}
	})
}

func BenchmarkWork(b *testing.B) {
	l := start(b, 4)
	answer := make(chan struct{}, 1)
	work, then := func() {}, func() { answer <- struct{}{} }
	f := func() { l.Work(work, then) }
	b.ReportAllocs()
	for b.Loop() {
		l.Post(f)
		<-answer
	}
}

func BenchmarkEchoRoundTrip(b *testing.B) {
	for name, n := range map[string]int{"1connection": 1, "64connections": 64} {
		b.Run(name, func(b *testing.B) {
			l := start(b, 1)
			server, addr := listen(b, l, echo)
			done := make(chan struct{})
			left, turn := 0, 0
			message := make([]byte, 64)
			clients := make([]*eventloop.Conn, n)
			send := func() {
				turn = n
				for _, c := range clients {
					c.Write(message)
				}
			}
			for i := range clients {
				connect(b, l, parse(addr), &handler{data: func(_ *eventloop.Conn, _ []byte) {
					if turn--; turn > 0 {
						return
					}
					if left -= n; left > 0 {
						send()
					} else {
						done <- struct{}{}
					}
				}}, func(c *eventloop.Conn) { clients[i] = c })
			}
			b.ReportAllocs()
			b.ResetTimer()
			left = b.N
			on(b, l, send)
			<-done
			b.StopTimer()
			on(b, l, func() { server.Close(nil) })
		})
	}
}
