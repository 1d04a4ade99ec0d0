package workload

import (
	"net/http"
	"os"
	"sync"
	"sync/atomic"

	"nodecompare/servers/http1"
)

var stream = Workload{
	Name:    "stream",
	Method:  http.MethodGet,
	Path:    "/stream",
	Summary: "a film of 64 MiB, or the range of it that the request asks for",
	Target:  "/stream",
	Plays:   true,
	handle:  serveStream,
}

// filmTag is the film's entity tag, the same in every mode. Change it together with FilmBytes.
const filmTag = `"film-1"`

// openFilm is a Service's film, opened for the first request that wants it.
type openFilm struct {
	file   atomic.Pointer[os.File] // nil before
	making sync.Mutex
}

func serveStream(s *Service, x *Exchange) {
	x.Response.Status, x.Response.Part = http1.Select(x.Request, filmTag, FilmSize)
	switch x.Response.Status {
	case http.StatusPreconditionFailed:
		x.fail(http.StatusPreconditionFailed, "the film's entity tag is %s, which If-Match does not name", filmTag)
	case http.StatusRequestedRangeNotSatisfiable:
		x.fail(http.StatusRequestedRangeNotSatisfiable,
			"Range must be bytes of a film that has %d, such as bytes=0-1023", FilmSize)
	case http.StatusNotModified:
		x.Reply()
	default:
		x.Response.ContentType = typeData
		if f := s.film.file.Load(); f != nil {
			x.IO.SendFile(x, f)
			return
		}
		var err error
		x.IO.Offload(x, func() { err = s.openFilm() }, func(x *Exchange) {
			if err != nil {
				x.Response.Part = http1.Part{}
				x.fail(http.StatusInternalServerError, "opening the film: %v", err)
				return
			}
			x.IO.SendFile(x, s.film.file.Load())
		})
	}
}

// openFilm opens the film, which it makes where it is missing. A later request tries again what
// failed.
func (s *Service) openFilm() error {
	s.film.making.Lock()
	defer s.film.making.Unlock()
	if s.film.file.Load() != nil {
		return nil
	}
	name, err := Film(s.dir)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	s.film.file.Store(f)
	return nil
}

func (s *Service) closeFilm() error {
	if f := s.film.file.Swap(nil); f != nil {
		return f.Close()
	}
	return nil
}
