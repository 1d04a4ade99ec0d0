package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nodecompare/loadgen"
)

// Flags that subscribers, members and players have no use for, and why.
var (
	none = map[string]string{
		"requests":         "they are counted by nobody before the load ends: give --duration",
		"slo":              "the search is for a rate of requests",
		"follow-redirects": "no redirect is followed to what they hear or see",
		"new-connections":  "each of them has a connection for itself",
		"agents":           "their latency would rest on the clocks of several machines",
		"http2":            "they speak HTTP/1.1",
		"unix-socket":      "they connect by TCP",
		"save-results":     "vegeta's format is one of requests",
	}
	ofSubscribers = map[string]string{
		"rate":    "the server sets how often events come",
		"targets": "all subscribers hear one URL",

		"bitrate": "it is of players", "segment": "it is of players", "min-smooth": "it is of players",
	}
	ofPlayers = map[string]string{
		"rate":       "they ask for what they show next",
		"targets":    "all of them show one video",
		"method":     "they ask by GET",
		"body":       "they ask by GET",
		"body-file":  "they ask by GET",
		"subscribe":  "a video is no stream of events",
		"max-missed": "it is of deliveries",
	}
	ofMembers = map[string]string{
		"targets":   "all members join rooms of one URL",
		"method":    "a WebSocket is opened by GET",
		"body":      "a WebSocket is opened without a body",
		"body-file": "a WebSocket is opened without a body",
		"subscribe": "what a chat says comes over a WebSocket",

		"play": "a chat is no video", "bitrate": "it is of players", "segment": "it is of players",
		"min-smooth": "it is of players",
	}
)

// Flags of a chat alone, and of players.
var (
	ofWebSockets = []string{"room-size", "message-size"}
	ofVideos     = []string{"bitrate", "segment", "min-smooth"}
)

// membersPerMessage is how many members of a chat there are for each message a second, where no
// rate is given: each says something every two seconds.
const (
	membersPerMessage = 2
	chatConnections   = 100
)

// converses makes the attack one of subscribers, members or players, if it is to be one, and
// rejects flags that contradict that.
func (o loadOptions) converses(a *loadgen.Attack, given func(flag string) bool) error {
	scheme, _, _ := strings.Cut(strings.ToLower(a.Target.URL), "://")
	switch {
	case scheme == "ws" || scheme == "wss":
		return o.chats(a, given)
	case o.play:
		return o.plays(a, given)
	case o.subscribe:
		return o.subscribes(a, given)
	case given("max-missed"):
		return errors.New("--max-missed is of subscribers and members: give --subscribe too, or a URL that begins " +
			"with ws://")
	}
	for _, flag := range ofWebSockets {
		if given(flag) {
			return fmt.Errorf("--%s is of a chat: give a URL that begins with ws://", flag)
		}
	}
	for _, flag := range ofVideos {
		if given(flag) {
			return fmt.Errorf("--%s is of players: give --play too", flag)
		}
	}
	return nil
}

// refused rejects flags that were given and are not for some.
func refused(who, instead string, given func(flag string) bool, why ...map[string]string) error {
	all := make(map[string]string)
	for _, w := range why {
		maps.Copy(all, w)
	}
	for _, flag := range slices.Sorted(maps.Keys(all)) {
		if given(flag) {
			return fmt.Errorf("--%s is not for %s, since %s: leave it out%s", flag, who, all[flag], instead)
		}
	}
	return nil
}

func (o loadOptions) subscribes(a *loadgen.Attack, given func(flag string) bool) error {
	if err := refused("subscribers", ", or --subscribe", given, none, ofSubscribers); err != nil {
		return err
	}
	if err := overHTTP(a, "subscribe", "subscribers", "hear events", given); err != nil {
		return err
	}
	a.Conversation, a.Engine = loadgen.Subscribe, loadgen.Loop
	return nil
}

// overHTTP rejects what is of a chat, and what the loop engine cannot do, for those of a flag, who
// do something else.
func overHTTP(a *loadgen.Attack, flag, who, do string, given func(flag string) bool) error {
	for _, its := range ofWebSockets {
		if given(its) {
			return fmt.Errorf("--%s is of a chat, and %s %s: leave it out", its, who, do)
		}
	}
	if err := onLoop(a, who); err != nil {
		return err
	}
	if what := loadgen.BeyondLoop(*a); what != "" {
		return fmt.Errorf("--%s is over plain HTTP/1.1, and cannot do %s", flag, what)
	}
	return nil
}

// onLoop rejects an engine that knows none of those.
func onLoop(a *loadgen.Attack, who string) error {
	if a.Engine != "" && a.Engine != loadgen.Loop {
		return fmt.Errorf("--engine=%s knows no %s: leave it out", a.Engine, who)
	}
	return nil
}

func (o loadOptions) chats(a *loadgen.Attack, given func(flag string) bool) error {
	if err := refused("members of a chat", "", given, none, ofMembers); err != nil {
		return err
	}
	if err := onLoop(a, "members of a chat"); err != nil {
		return err
	}
	switch {
	case a.To > 0:
		return fmt.Errorf("--rate=%v..%v: messages of a chat have one rate", a.Rate, a.To)
	case given("rate") && a.Rate == 0:
		return errors.New("--rate=0: somebody has to say something, if only once in a while, as with --rate=0.1")
	}
	if given("room-size") && a.RoomSize < 1 || given("message-size") && a.MessageSize < 1 {
		return errors.New("--room-size and --message-size must be more than 0")
	}
	if !given("connections") {
		a.Connections = chatConnections
	}
	if !given("room-size") {
		a.RoomSize = max(min(loadgen.DefaultRoomSize, a.Connections), 1)
	}
	a.Rate = cmp.Or(a.Rate, float64(a.Connections)/membersPerMessage)
	a.Conversation, a.Engine = loadgen.Chat, loadgen.Loop
	return nil
}
