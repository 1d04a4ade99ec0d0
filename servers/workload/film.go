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

// FilmSize is the size in bytes of the film that the stream workload serves.
const FilmSize = 64 << 20

const (
	filmName = "film.bin"
	// filmStep makes words that follow each other look unlike, and no two of them the same: it is
	// odd.
	filmStep = 0x9e3779b97f4a7c15
)

// FilmBytes fills b with the film's bytes from offset on. The film's i-th eight bytes are i times
// filmStep modulo 2⁶⁴, the least significant byte first, so that each place is known by its bytes.
func FilmBytes(b []byte, offset int64) {
	word := uint64(offset/8) * filmStep
	if skip := int(offset % 8); skip > 0 {
		var first [8]byte
		binary.LittleEndian.PutUint64(first[:], word)
		b = b[copy(b, first[skip:]):]
		word += filmStep
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, word)
		b = b[8:]
		word += filmStep
	}
	var last [8]byte
	binary.LittleEndian.PutUint64(last[:], word)
	copy(b, last[:])
}

// Film makes the film in the data folder if it is missing or not whole, and returns its absolute
// path. dir is as in Options. It is not made with the rest of the data, because most users need no
// further 64 MiB.
func Film(dir string) (string, error) {
	dir, err := Data(dir)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, filmName)
	if filmed(name) {
		return name, nil
	}
	if err := makeFilm(dir, name); err != nil {
		return "", fmt.Errorf("making a film of 64 MiB in %s: %w (make room there, or set XDG_CACHE_HOME, or "+
			"HOME, to a folder that has it)", dir, err)
	}
	return name, nil
}

// filmed reports whether the file is the film: it has its size, and its bytes in a page of each
// MiB. To read all of it would take as long as to make it. What cannot be read is no film, and
// making it shows the reason.
func filmed(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	if i, err := f.Stat(); err != nil || i.Size() != FilmSize {
		return false
	}
	const page = 4 << 10
	got, want := make([]byte, page), make([]byte, page)
	for at := int64(0); at < FilmSize; at += 1<<20 + 4*page { // ever later ones, almost the last of the last
		if _, err := f.ReadAt(got, at); err != nil {
			return false
		}
		FilmBytes(want, at)
		if !bytes.Equal(got, want) {
			return false
		}
	}
	return true
}

// makeFilm writes the film beside its place and renames it into it, as seed does.
func makeFilm(dir, name string) (err error) {
	b, err := cache.NewBuild(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Remove()) }()
	part := filepath.Join(b.Dir, filmName)
	f, err := os.Create(part)
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for at := int64(0); at < FilmSize && err == nil; at += int64(len(buf)) {
		FilmBytes(buf, at)
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
