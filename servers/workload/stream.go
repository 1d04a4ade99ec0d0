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
	Summary: "a video of 64 MiB, or the range of it that the request asks for",
	Target:  "/stream",
	Plays:   true,
	handle:  serveStream,
}

// videoTag is the video's entity tag, the same in every mode. Change it together with VideoBytes.
const videoTag = `"video-1"`

// openVideo is a Service's video, opened for the first request that wants it.
type openVideo struct {
	file   atomic.Pointer[os.File] // nil before
	making sync.Mutex
}

func serveStream(s *Service, x *Exchange) {
	x.Response.Status, x.Response.Part = http1.Select(x.Request, videoTag, VideoSize)
	switch x.Response.Status {
	case http.StatusPreconditionFailed:
		x.fail(http.StatusPreconditionFailed, "the video's entity tag is %s, which If-Match does not name", videoTag)
	case http.StatusRequestedRangeNotSatisfiable:
		x.fail(http.StatusRequestedRangeNotSatisfiable,
			"Range must be bytes of a video that has %d, such as bytes=0-1023", VideoSize)
	case http.StatusNotModified:
		x.Reply()
	default:
		x.Response.ContentType = typeData
		if f := s.video.file.Load(); f != nil {
			x.IO.SendFile(x, f)
			return
		}
		var err error
		x.IO.Offload(x, func() { err = s.openVideo() }, func(x *Exchange) {
			if err != nil {
				x.Response.Part = http1.Part{}
				x.fail(http.StatusInternalServerError, "opening the video: %v", err)
				return
			}
			x.IO.SendFile(x, s.video.file.Load())
		})
	}
}

// openVideo opens the video, which it makes where it is missing. A later request tries again what
// failed.
func (s *Service) openVideo() error {
	s.video.making.Lock()
	defer s.video.making.Unlock()
	if s.video.file.Load() != nil {
		return nil
	}
	name, err := Video(s.dir)
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	s.video.file.Store(f)
	return nil
}

func (s *Service) closeVideo() error {
	if f := s.video.file.Swap(nil); f != nil {
		return f.Close()
	}
	return nil
}
