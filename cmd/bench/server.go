package bench

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"nodecompare/cmd/lookup"
	"nodecompare/loadgen"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// Server is a user's own server beside the modes: a command started for each trial, or the URL of a
// running server.
type Server struct {
	Name    string
	Command string // for sh -c, with PORT in its environment; "" with a URL
	URL     string // http(s)://host:port and a base path, without a slash at the end
	Query   string // with a URL: added to each request's own
	// with a URL: the Authorization header for its user:password@; in no record
	Login string
	PID   int // with a URL: sampled with its descendants; 0 for none
	// Paths maps workloads to paths and queries in place of the workloads' own.
	Paths map[string]string
}

var serverName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// ParseServers parses the command line's description of users' servers: NAME=URL or NAME=COMMAND,
// then [NAME:]WORKLOAD=/its/path, and NAME=PID for servers with a URL. A path without a name
// applies to all servers.
func ParseServers(given, paths, pids []string) ([]Server, error) {
	var all []Server
	for _, text := range given {
		s, err := parseServer(text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other Server) bool { return other.Name == s.Name }) {
			return nil, fmt.Errorf("server %s is named twice", s.Name)
		}
		all = append(all, s)
	}
	for _, text := range paths {
		if err := parsePath(all, text); err != nil {
			return nil, fmt.Errorf("path %q: %w", text, err)
		}
	}
	for _, text := range pids {
		if err := parsePID(all, text); err != nil {
			return nil, fmt.Errorf("pid %q: %w", text, err)
		}
	}
	return all, nil
}

func parseServer(text string) (Server, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || strings.TrimSpace(value) == "" {
		return Server{}, fmt.Errorf("server %q: give NAME=URL, or NAME='command …'", text)
	}
	if !serverName.MatchString(name) {
		return Server{}, fmt.Errorf("server %q: a name is letters, digits, dots, dashes and underscores", name)
	}
	if _, err := lookup.Named("mode", name, servers.Modes); err == nil {
		return Server{}, fmt.Errorf("server %s: that is a mode of this program: take another name", name)
	}
	if host, port, err := net.SplitHostPort(value); err == nil && !strings.ContainsAny(host+port, " \t/") {
		return Server{},
			fmt.Errorf("server %s: %s is not a command: for the server that runs there, give http://%[2]s", name, value)
	}
	s := Server{Name: name, Paths: map[string]string{}}
	if scheme, _, ok := strings.Cut(value, "://"); !ok || strings.ContainsAny(scheme, " \t/$'\"") {
		s.Command = value
		return s, nil
	}
	t, err := loadgen.Target{URL: value}.Normal()
	if err != nil {
		return Server{}, fmt.Errorf("server %s: %w", name, err)
	}
	if strings.HasPrefix(t.URL, "ws") {
		return Server{}, fmt.Errorf("server %s: %s is a chat: give the server's http:// URL, and where its chat is by "+
			"--path chat=/its/path", name, loadgen.Masked(value))
	}
	u, err := url.Parse(t.URL)
	if err != nil || strings.Contains(value, "#") {
		return Server{},
			fmt.Errorf("server %s: %s is not of the form http://host:port/path?query, or https://", name,
				loadgen.Masked(value))
	}
	s.Login = t.Header.Get("Authorization")
	s.Query, u.RawQuery, u.ForceQuery = u.RawQuery, "", false
	s.URL = strings.TrimSuffix(u.String(), "/")
	return s, nil
}

func parsePath(all []Server, text string) error {
	key, path, _ := strings.Cut(text, "=")
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("give WORKLOAD=/its/path, or NAME:WORKLOAD=/its/path")
	}
	if u, err := url.ParseRequestURI(path); err != nil || u.Host != "" {
		return fmt.Errorf("%s is no path", path)
	}
	name, of, one := strings.Cut(key, ":")
	if !one {
		of = key
	}
	if _, err := workloadNamed(of); err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("it is for a --server, and there is none")
	}
	if one {
		s, err := serverNamed(all, name)
		if err != nil {
			return err
		}
		s.Paths[of] = path
		return nil
	}
	for _, s := range all {
		// a path with the server's name takes precedence, in any order
		if _, own := s.Paths[of]; !own {
			s.Paths[of] = path
		}
	}
	return nil
}

func parsePID(all []Server, text string) error {
	name, number, _ := strings.Cut(text, "=")
	s, err := serverNamed(all, name)
	if err != nil {
		return err
	}
	if s.URL == "" {
		return fmt.Errorf("server %s is a command, whose processes are known", name)
	}
	if s.PID, err = strconv.Atoi(number); err != nil || s.PID < 1 {
		return fmt.Errorf("%q is no process id: give NAME=PID, with a number", number)
	}
	return nil
}

func serverNamed(all []Server, name string) (*Server, error) {
	var known []string
	for i, s := range all {
		if s.Name == name {
			return &all[i], nil
		}
		known = append(known, s.Name)
	}
	if known == nil {
		return nil, fmt.Errorf("no --server is named %q: none was given", name)
	}
	return nil, fmt.Errorf("no --server is named %q: the known ones are %s", name, strings.Join(known, ", "))
}

func (s *Server) summary() string {
	if s.URL != "" {
		return "a server of your own, as it runs at " + s.String()
	}
	return "a server of your own: " + s.Command
}

// String returns the description after the name in --server.
func (s *Server) String() string {
	if s.Query != "" {
		return s.URL + "?" + s.Query
	}
	return s.URL + s.Command // one of them is empty
}

// Secure reports whether the server speaks TLS.
func (s Server) Secure() bool { return isHTTPS(s.URL) }

// target returns the path and query for a workload.
func (s *Server) target(w workload.Workload) string {
	return s.asked(cmp.Or(s.Paths[pathOf(w.Name)], w.Target))
}

// asked returns a path with the server's own query appended.
func (s *Server) asked(path string) string {
	if s.Query == "" {
		return path
	}
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return path + separator + s.Query
}

// pathOf returns the name of a workload's path in Paths. A blast's own name is for its poison, and
// its victims use the original workload's.
func pathOf(workload string) string {
	if b, ok := blastNamed(workload); ok {
		return b.victim
	}
	return workload
}
