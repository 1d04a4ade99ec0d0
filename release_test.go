package main_test

import (
	"bufio"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"nodecompare/thorough"
)

// tag is one that no release has.
const tag = "v0.99.7"

// tagged is a checkout of this tree as it stands, changes included, in which the tag is checked
// out.
func tagged(t *testing.T) string {
	t.Helper()
	thorough.Only(t) // it builds the program anew
	if runtime.GOOS != "linux" {
		t.Skip("releases are built on Linux")
	}
	dir := t.TempDir()
	run(t, dir, "git", "init", "-q")
	for _, args := range [][]string{
		{"--work-tree=.", "add", "-A"},
		{"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "a"},
		{"tag", tag},
	} {
		run(t, ".", "git", append([]string{"--git-dir=" + filepath.Join(dir, ".git")}, args...)...)
	}
	run(t, dir, "git", "reset", "-q", "--hard")
	return dir
}

// run is a command that has to succeed, with the build cache of whoever tests, and the settings of
// nobody.
func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// A release's archive holds a static binary that knows its tag, with the notices, and its checksum
// is right.
func TestRelease(t *testing.T) {
	src, out := tagged(t), t.TempDir()
	run(t, src, ".ci/release", tag, out, runtime.GOOS+"/"+runtime.GOARCH)
	archive := fmt.Sprintf("nodecompare-%s-%s-%s.tar.gz", tag, runtime.GOOS, runtime.GOARCH)
	content, err := os.ReadFile(filepath.Join(out, archive))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
	if want := fmt.Sprintf("%x  %s\n", sha256.Sum256(content), archive); err != nil || string(sums) != want {
		t.Errorf("SHA256SUMS: %q, %v, want %q", sums, err, want)
	}
	run(t, out, "tar", "xzf", archive)
	checkStatic(t, filepath.Join(out, "nodecompare"))
	if got := run(t, out, "./nodecompare", "--version"); !strings.HasPrefix(got, "nodecompare version "+tag+" (go1.") {
		t.Errorf("--version says %q", got)
	}
	for _, name := range []string{"LICENSE", "THIRD_PARTY.md", "licenses/go/LICENSE",
		"licenses/github.com/spf13/cobra/LICENSE.txt"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}

// A checkout that is not the tag's is not released under its name.
func TestReleaseOfAnotherCommit(t *testing.T) {
	src := tagged(t)
	if err := os.WriteFile(filepath.Join(src, "LICENSE"), []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(".ci/release", tag, t.TempDir(), runtime.GOOS+"/"+runtime.GOARCH)
	c.Dir, c.Env = src, append(os.Environ(), "GOFLAGS=")
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), tag+"+dirty, and not "+tag) {
		t.Errorf("%v: %s", err, out)
	}
}

func checkStatic(t *testing.T, path string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_DYNAMIC || p.Type == elf.PT_INTERP {
			t.Errorf("%s is linked dynamically: %v", path, p.Type)
		}
	}
}

// image is what a Dockerfile of two stages makes, of the instructions that ours has.
type image struct {
	root       string   // the last stage's files
	env        []string // KEY=VALUE
	dir        string
	user       string // UID:GID
	entrypoint []string
}

// built follows the Dockerfile in a checkout: its RUN lines run there, for want of their image, and
// its last stage is a folder.
func built(t *testing.T, src string) image {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(src, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	i := image{root: t.TempDir()}
	if err := os.Chmod(i.root, 0o755); err != nil {
		t.Fatal(err)
	}
	last := false
	for line := range strings.Lines(string(text)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "" || word == "#" || word == "EXPOSE":
		case word == "FROM":
			last = rest == "scratch"
		case word == "WORKDIR" && !last, word == "COPY" && !last:
			if rest != "/src" && rest != ". ." {
				t.Fatalf("the checkout is to be in /src: %s", line)
			}
		case word == "RUN" && !last:
			run(t, src, "sh", "-c", rest)
		case word == "COPY":
			var from, to string
			if _, err := fmt.Sscanf(rest, "--from=build %s %s", &from, &to); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			i.copy(t, src, from, to)
		case word == "ENV":
			i.env = append(i.env, rest)
		case word == "WORKDIR":
			i.dir = rest
		case word == "USER":
			i.user = rest
		case word == "ENTRYPOINT":
			if err := json.Unmarshal([]byte(rest), &i.entrypoint); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		default:
			t.Fatalf("this test does not know %q in the last stage %v", line, last)
		}
	}
	return i
}

// copy puts a file into a folder, or a folder's content, as COPY does.
func (i image) copy(t *testing.T, src, from, to string) {
	t.Helper()
	if inside, ok := strings.CutPrefix(from, "/src/"); ok {
		from = filepath.Join(src, inside)
	}
	to = filepath.Join(i.root, to)
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		from += "/."
	}
	run(t, src, "cp", "-a", from, to)
}

// container is a command in the image, run as Docker runs it: as the image's user, and with nothing
// to see but the image, processes, and devices. Its working folder is / and not the image's.
func (i image) container(t *testing.T, args ...string) *exec.Cmd {
	const script = `user=$1 && shift && cd "$0" && mount -t proc proc proc && mount --bind /dev dev && exec chroot ` +
		`--userspec="$user" . "$@"`
	for _, dir := range []string{"proc", "dev"} {
		if err := os.MkdirAll(filepath.Join(i.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	args = append(append([]string{"--mount", "sh", "-c", script, i.root, i.user}, i.entrypoint...), args...)
	c := exec.Command("unshare", args...)
	// as of a user unknown to /etc/passwd
	c.Env = append(i.env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/")
	return c
}

// The image has all that the program needs, and the program needs nothing else: it serves every
// workload, and it can bench.
func TestDockerfile(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, for chroot")
	}
	i := built(t, tagged(t))
	checkStatic(t, filepath.Join(i.root, i.entrypoint[0]))
	if info, err := os.Stat(filepath.Join(i.root, i.dir)); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("%s cannot be written to: %v %v", i.dir, info, err)
	}

	serve := i.container(t, "serve", "--mode=async", "--addr=127.0.0.1:0")
	serve.Stderr = os.Stderr
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	port := regexp.MustCompile(`port (\d+)`).FindStringSubmatch(line)
	if err != nil || port == nil {
		t.Errorf("it said %q: %v", line, err)
	} else {
		for _, path := range []string{"/", "/wait?ms=5", "/file", "/db?id=7", "/api?ms=5", "/cpu?ms=1"} {
			checkGet(t, "http://127.0.0.1:"+port[1]+path)
		}
	}
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		t.Error(err)
	}
	if err := serve.Wait(); err != nil {
		t.Error(err)
	}

	bench := i.container(t, "bench", "--profile=quick", "--rounds=1", "--modes=async", "--workloads=hello")
	text, err := bench.CombinedOutput()
	// 5: a noisy machine
	if code := bench.ProcessState.ExitCode(); code != 0 && code != 5 || !strings.Contains(string(text), " a request") ||
		strings.Contains(string(text), "denied") {
		t.Errorf("%v: %s", err, text)
	}
}

func checkGet(t *testing.T, url string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return
	}
	defer r.Body.Close()
	if body, err := io.ReadAll(r.Body); err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("%s: %s %q %v", url, r.Status, body, err)
	}
}
