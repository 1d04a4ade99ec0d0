package workload

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

var file = Workload{
	Name:    "file",
	Method:  http.MethodGet,
	Path:    "/file",
	Summary: "a file of 64 KiB, read from disk at each request",
	Target:  "/file",
	handle:  serveFile,
}

// fileSize is the size of the file served, in bytes.
const fileSize = 64 << 10

// fileRead is the memory with which an Exchange reads the file again and again without allocating
// 64 KiB each time.
type fileRead struct {
	content []byte
	err     error
	work    func() // made once: a method value of the Exchange
}

func serveFile(_ *Service, x *Exchange) {
	if x.file.work == nil {
		x.file.content = make([]byte, fileSize)
		x.file.work = func() { x.file.err = readWhole(x.service.file, x.file.content) }
	}
	x.IO.Offload(x, x.file.work, fileDone)
}

func fileDone(x *Exchange) {
	if x.file.err != nil {
		x.fail(http.StatusInternalServerError, "reading the file: %v", x.file.err)
		return
	}
	x.reply(http.StatusOK, typeData, x.file.content)
}

// readWhole reads the start of the named file into content and fills it.
func readWhole(name string, content []byte) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	_, err = io.ReadFull(f, content)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("%s, %d bytes: %w", name, len(content), err)
	}
	return nil
}
