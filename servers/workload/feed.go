package workload

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

var feed = Workload{
	Name:     "feed",
	Method:   http.MethodGet,
	Path:     "/feed",
	Summary:  "a mobile app's first screen: three calls to another service, of 10, 20 and 15 ms, merged into one JSON",
	Target:   "/feed?user=7",
	Wait:     20 * time.Millisecond, // the longest of the three: who asks one after the other waits for their sum
	Upstream: len(parts),
	Whole:    wholeFeed(7),
	handle:   serveFeed,
}

// parts are what a feed is made of, in the order of its JSON, with how long the service behind
// takes for each.
var parts = [...]struct {
	name string
	ms   int
	then func(*Exchange) // answers with it, in the service behind
}{
	{"profile", 10, replyProfile},
	{"posts", 20, replyPosts},
	{"notifications", 15, replyNotifications},
}

// partLimit is for how long a feed waits for each of its parts. It is far above what they take:
// what is later than that does not hold up the rest of a screen.
const partLimit = time.Second

// mostUsers is the highest number that a user may have.
const mostUsers = 1_000_000

// user puts the query's user into x.id, or answers 400.
func (x *Exchange) user() bool {
	text, _ := x.Request.QueryValue("user")
	id, ok := whole(text)
	if !ok || id < 1 || id > mostUsers {
		x.fail(http.StatusBadRequest, "user must be the number of a user from 1 to %d, such as user=7", mostUsers)
		return false
	}
	x.id = id
	return true
}

func serveFeed(s *Service, x *Exchange) {
	if x.lacksUpstream(s) || !x.user() {
		return
	}
	calls := make([]Call, len(parts))
	for i, p := range parts {
		calls[i].URL = s.asked("part=" + p.name + "&user=" + strconv.FormatInt(x.id, 10) + "&ms=" + strconv.Itoa(p.ms))
	}
	x.IO.GetAll(x, calls, partLimit, func(x *Exchange) { s.merge(x, calls) })
}

// merge answers with the parts that came, and says which did not, and why. Without any part it is
// an error.
func (s *Service) merge(x *Exchange, calls []Call) {
	missing := map[string]string{}
	status, first := 0, "" // of the first that is missing
	x.body = append(x.buffer(), `{"user":`...)
	x.body = strconv.AppendInt(x.body, x.id, 10)
	for i, c := range calls {
		x.body = append(append(append(x.body, `,"`...), parts[i].name...), `":`...)
		code, why := s.fault(c.Reply, c.Err)
		if why == "" && !json.Valid(c.Reply.Body) {
			code, why = http.StatusBadGateway, "the upstream "+s.upstream.String()+" answered something that is no JSON"
		}
		if why == "" {
			x.body = append(x.body, c.Reply.Body...)
			continue
		}
		x.body = append(x.body, "null"...)
		if missing[parts[i].name] = why; len(missing) == 1 {
			status, first = code, why
		}
	}
	switch len(missing) {
	case len(calls):
		x.fail(status, "%s", first)
		return
	case 0:
	default:
		x.body = append(x.body, `,"missing":{`...)
		comma := ""
		for _, p := range parts {
			if why := missing[p.name]; why != "" {
				x.body = append(x.body, comma+`"`+p.name+`":`...)
				x.body = append(x.body, quoted(why)...)
				comma = ","
			}
		}
		x.body = append(x.body, '}')
	}
	x.body = append(x.body, '}')
	x.reply(http.StatusOK, typeJSON, x.body)
}

// The service behind a feed makes its parts up from the user's number.

func partNamed(name []byte) func(*Exchange) {
	for _, p := range parts {
		if p.name == string(name) {
			return p.then
		}
	}
	return nil
}

func replyProfile(x *Exchange)       { x.part(appendProfile) }
func replyPosts(x *Exchange)         { x.part(appendPosts) }
func replyNotifications(x *Exchange) { x.part(appendNotifications) }

func (x *Exchange) part(appendPart func([]byte, int64) []byte) {
	x.body = appendPart(x.buffer(), x.id)
	x.reply(http.StatusOK, typeJSON, x.body)
}

func appendProfile(b []byte, user int64) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), user, 10)
	b = strconv.AppendInt(append(b, `,"name":"User `...), user, 10)
	b = strconv.AppendInt(append(b, `","followers":`...), user*37%1000, 10)
	return append(b, '}')
}

// postCount is how many posts a screen shows.
const postCount = 5

func appendPosts(b []byte, user int64) []byte {
	b = append(b, '[')
	for n := range int64(postCount) {
		if n > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"id":`...), user*postCount+n, 10)
		b = strconv.AppendInt(append(b, `,"text":"What user `...), user, 10)
		b = strconv.AppendInt(append(b, ` had to say, part `...), n+1, 10)
		b = strconv.AppendInt(append(b, `","likes":`...), (user+n)*11%100, 10)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendNotifications(b []byte, user int64) []byte {
	b = strconv.AppendInt(append(b, `{"unread":`...), user%10, 10)
	return append(b, '}')
}

// wholeFeed is the answer to a user whose parts all came.
func wholeFeed(user int64) string {
	b := strconv.AppendInt([]byte(`{"user":`), user, 10)
	b = appendProfile(append(b, `,"profile":`...), user)
	b = appendPosts(append(b, `,"posts":`...), user)
	b = appendNotifications(append(b, `,"notifications":`...), user)
	return string(append(b, '}'))
}
