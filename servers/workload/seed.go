package workload

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"nodecompare/servers/cache"
)

// The data folder holds the file, the database, and their checksums in the form of sha256sum(1).
// The checksums are written last and make the other two valid.
const (
	fileName     = "file.bin"
	databaseName = "products.db"
	sumsName     = "SHA256SUMS"
)

// sumsTitle begins the checksums. Increment it when the content changes: a folder with another
// title is rebuilt.
const sumsTitle = "# nodecompare workload content 1\n"

// Data builds the data folder if it is missing or not whole, and returns its absolute path, for
// servers outside of this program. dir is as in Options.
func Data(dir string) (string, error) {
	dir, err := dataDir(dir)
	if err != nil {
		return "", err
	}
	if err := seed(dir); err != nil {
		return "", fmt.Errorf("building the workloads' data folder %s: %w (make it writable, or set "+
			"XDG_CACHE_HOME, or HOME, to a folder that is)", dir, err)
	}
	return dir, nil
}

// dataDir returns the absolute path of the data folder: dir, or the default for "".
func dataDir(dir string) (string, error) {
	if dir == "" {
		folder, err := cache.FolderOrTemporary()
		if err != nil {
			return "", fmt.Errorf("the workloads' data folder: %w", err)
		}
		dir = filepath.Join(folder, "workload-v1")
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("the workloads' data folder %s: %w", dir, err)
	}
	return absolute, nil
}

// seed makes dir hold the content, whole and unchanged. Every process that finds it otherwise
// builds the content in its own folder inside dir, and renames the files into place one by one. No
// lock is needed: all processes build the same bytes, so a reader has a whole file whichever rename
// comes last, and files already open stay as they were.
func seed(dir string) (err error) {
	if seeded(dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	b, err := cache.NewBuild(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Remove()) }()
	build := b.Dir

	if err := os.WriteFile(filepath.Join(build, fileName), fileContent(), 0o644); err != nil {
		return err
	}
	if err := buildDatabase(filepath.Join(build, databaseName)); err != nil {
		return fmt.Errorf("filling %s: %w", databaseName, err)
	}
	sums, err := checksums(build)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(build, sumsName), []byte(sums), 0o644); err != nil {
		return err
	}
	for _, name := range []string{fileName, databaseName, sumsName} {
		if err := os.Rename(filepath.Join(build, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// seeded reports whether dir holds what its checksums say, under the current title. What cannot be
// read is not seeded, and building it again shows the reason.
func seeded(dir string) bool {
	want, err := os.ReadFile(filepath.Join(dir, sumsName))
	if err != nil || !strings.HasPrefix(string(want), sumsTitle) {
		return false
	}
	got, err := checksums(dir)
	return err == nil && got == string(want)
}

// checksums reads the files in dir and returns the text for sumsName. They are about 1 MiB, which
// takes a millisecond or two.
func checksums(dir string) (string, error) {
	text := sumsTitle
	for _, name := range []string{fileName, databaseName} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		text += fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name)
	}
	return text, nil
}

// fileContent returns the bytes of the file: random, so that nothing on the way compresses them,
// and always the same.
func fileContent() []byte {
	random := rand.NewPCG(64, 1024)
	content := make([]byte, 0, fileSize)
	for len(content) < fileSize {
		content = binary.LittleEndian.AppendUint64(content, random.Uint64())
	}
	return content
}

// buildDatabase makes a new database with all products and users.
func buildDatabase(name string) (err error) {
	// The database has no journal and no fsync, because an unfinished one is thrown away.
	db, err := sql.Open("sqlite", databaseURI(name, "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	if err := fillDatabase(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

func fillDatabase(tx *sql.Tx) error {
	_, err := tx.Exec(`
		CREATE TABLE products (
			id          INTEGER PRIMARY KEY,
			sku         TEXT NOT NULL,
			name        TEXT NOT NULL,
			category    TEXT NOT NULL,
			price_cents INTEGER NOT NULL,
			stock       INTEGER NOT NULL
		) STRICT;
		CREATE TABLE users (
			name TEXT PRIMARY KEY,
			salt BLOB NOT NULL,
			hash BLOB NOT NULL
		) STRICT, WITHOUT ROWID`)
	if err != nil {
		return err
	}
	insert, err :=
		tx.Prepare("INSERT INTO products (id, sku, name, category, price_cents, stock) VALUES (?, ?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	for _, p := range products() {
		if _, err := insert.Exec(p.ID, p.SKU, p.Name, p.Category, p.PriceCents, p.Stock); err != nil {
			return err
		}
	}
	if err := insert.Close(); err != nil {
		return err
	}
	for _, a := range accounts {
		salt, hash, err := a.secrets()
		if err != nil {
			return err
		}
		if _, err := tx.Exec("INSERT INTO users (name, salt, hash) VALUES (?, ?, ?)", a.name, salt, hash); err != nil {
			return err
		}
	}
	return nil
}
