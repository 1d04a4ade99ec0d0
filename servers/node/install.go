package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"nodecompare/servers/cache"
)

// The patterns leave out node_modules, which an editor's user may have put there.
//
//go:embed app/*.js app/*.json app/*.html app/work app/vendor
var embedded embed.FS

// sources returns the servers' files, by path inside the folder.
func sources() (map[string][]byte, error) {
	files := map[string][]byte{}
	app, err := fs.Sub(embedded, "app")
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(app, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(app, name)
		return err
	})
	return files, err
}

// An installation is the required content of a folder: the sources and npm's packages.
type installation struct {
	files    map[string][]byte
	packages map[string]lockedPackage // by folder, such as node_modules/express
}

// lockedPackage is npm's entry for a package in package-lock.json and in its copy beside the
// packages.
type lockedPackage struct {
	Version   string `json:"version"`
	Integrity string `json:"integrity"` // checksum of the download
}

// locked returns the packages of such a file by folder.
func locked(text []byte) (map[string]lockedPackage, error) {
	var lock struct {
		Packages map[string]lockedPackage `json:"packages"`
	}
	err := json.Unmarshal(text, &lock)
	delete(lock.Packages, "") // the app itself
	return lock.Packages, err
}

func plan(s Source) (installation, error) {
	files, err := sources()
	if err != nil {
		return installation{}, err
	}
	in := installation{files: files}
	if !s.packages {
		return in, nil
	}
	if in.packages, err = locked(files["package-lock.json"]); err != nil {
		return installation{}, fmt.Errorf("the embedded package-lock.json: %w", err)
	}
	return in, nil
}

// key identifies the content: the start of the SHA-256 of all names, lengths and bytes.
// encoding/json sorts a map's keys.
func (in installation) key() (string, error) {
	text, err := json.Marshal(in.files)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.8x", sha256.Sum256(text)), nil
}

// whole reports whether dir has everything, with unchanged sources. What cannot be read is not
// whole, and building it again shows the reason. whole reads about 1 MiB.
func (in installation) whole(dir string) bool {
	for name, want := range in.files {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			return false
		}
	}
	return in.packages == nil || in.installed(dir)
}

// installed reports whether the packages are those of the lock file, both by npm's list and by
// their own files.
func (in installation) installed(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", ".package-lock.json"))
	if err != nil {
		return false
	}
	if there, err := locked(text); err != nil || !maps.Equal(there, in.packages) {
		return false
	}
	for name, want := range in.packages {
		var own lockedPackage
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name), "package.json"))
		if err != nil || json.Unmarshal(text, &own) != nil || own.Version != want.Version {
			return false
		}
	}
	return true
}

// write creates dir with the sources.
func (in installation) write(dir string) error {
	for name, content := range in.files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// folder names where the source is put: with packages where Express's are, which are the same.
func (s Source) folder() string {
	if s.packages {
		return Express.Name
	}
	return s.Name
}

// install returns the source's folder inside folder, and builds it if it is missing or not whole.
// It builds in a temporary folder and renames that into place, so that nobody sees half of it. No
// lock is needed, because all processes build the same and the first one wins.
func install(ctx context.Context, s Source, folder string, progress func(string)) (dir string, err error) {
	in, err := plan(s)
	if err != nil {
		return "", err
	}
	key, err := in.key()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(folder, s.folder()+"-"+key)
	if in.whole(dir) {
		return dir, nil
	}
	err = in.build(ctx, s, folder, dir, progress)
	if err != nil && ctx.Err() == nil && !errors.As(err, new(*Unavailable)) {
		err = &Unavailable{s.Name, fmt.Errorf("putting its sources into %s: %w", dir, err),
			"make the folder writable, or set XDG_CACHE_HOME to one that is"}
	}
	return dir, err
}

func (in installation) build(ctx context.Context, s Source, folder, dir string, progress func(string)) (err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	build, err := cache.NewBuild(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, build.Remove()) }()
	made := filepath.Join(build.Dir, "new")
	if err := in.write(made); err != nil {
		return err
	}
	if s.packages {
		if err := npmCI(ctx, s.Name, made, len(in.packages), progress); err != nil {
			return err
		}
	}
	return in.publish(made, dir)
}

// publish renames made to dir. An existing dir that is not whole is moved beside made. If several
// processes do that to each other, one succeeds in each round.
func (in installation) publish(made, dir string) error {
	const rounds = 100
	var err error
	for i := range rounds {
		// the second case: another run was faster
		if err = os.Rename(made, dir); err == nil || in.whole(dir) {
			return nil
		}
		aside := made + "-old-" + strconv.Itoa(i)
		if asideErr := os.Rename(dir, aside); asideErr != nil && !errors.Is(asideErr, fs.ErrNotExist) {
			return fmt.Errorf("%w, and moving aside what is there: %w", err, asideErr)
		}
	}
	return err
}
