package workload

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nodecompare/servers/cache"
)

// VideoSize is the size in bytes of the video that the stream workload serves.
const VideoSize = 64 << 20

const (
	videoName = "video.bin"
	// videoStep makes words that follow each other look unlike, and no two of them the same: it is
	// odd.
	videoStep = 0x9e3779b97f4a7c15
)

// VideoBytes fills b with the video's bytes from offset on. Its eight bytes from 8i on are i times
// videoStep modulo 2⁶⁴, the least significant one first, so that each place is known by its bytes.
func VideoBytes(b []byte, offset int64) {
	word := uint64(offset/8) * videoStep
	if skip := int(offset % 8); skip > 0 {
		var first [8]byte
		binary.LittleEndian.PutUint64(first[:], word)
		b = b[copy(b, first[skip:]):]
		word += videoStep
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, word)
		b = b[8:]
		word += videoStep
	}
	var last [8]byte
	binary.LittleEndian.PutUint64(last[:], word)
	copy(b, last[:])
}

// Video makes the video in the data folder if it is missing or not whole, and returns its absolute
// path. dir is as in Options. It is not made with the rest of the data, because most users need no
// further 64 MiB.
func Video(dir string) (string, error) {
	dir, err := Data(dir)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, videoName)
	if isVideo(name) {
		return name, nil
	}
	if err := makeVideo(dir, name); err != nil {
		return "", fmt.Errorf("making a video of 64 MiB in %s: %w (make room there, or set XDG_CACHE_HOME, or "+
			"HOME, to a folder that has it)", dir, err)
	}
	return name, nil
}

// isVideo reports whether the file is the video: it has its size, and its bytes in a page of each
// MiB. To read all of it would take as long as to make it. What cannot be read is no video, and
// making it shows the reason.
func isVideo(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	if i, err := f.Stat(); err != nil || i.Size() != VideoSize {
		return false
	}
	const page = 4 << 10
	got, want := make([]byte, page), make([]byte, page)
	for at := int64(0); at < VideoSize; at += 1<<20 + 4*page { // ever later ones, almost the last of the last
		if _, err := f.ReadAt(got, at); err != nil {
			return false
		}
		VideoBytes(want, at)
		if !bytes.Equal(got, want) {
			return false
		}
	}
	return true
}

// makeVideo writes the video beside its place and renames it into it, as seed does.
func makeVideo(dir, name string) (err error) {
	b, err := cache.NewBuild(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Remove()) }()
	part := filepath.Join(b.Dir, videoName)
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for at := int64(0); at < VideoSize && err == nil; at += int64(len(buf)) {
		VideoBytes(buf, at)
		_, err = f.Write(buf)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(part, name)
}
