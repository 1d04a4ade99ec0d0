package app_test

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"nodecompare/servers/node/app"
)

// The page's own policy allows exactly the script and the style that are in it.
func TestDashboardAllowsItself(t *testing.T) {
	page := string(app.Dashboard)
	for _, tag := range []string{"script", "style"} {
		all := regexp.MustCompile(`(?s)<`+tag+`[^>]*>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1)
		if len(all) != 1 {
			t.Fatalf("%d elements %s", len(all), tag)
		}
		sum := sha256.Sum256([]byte(all[0][1]))
		want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if !strings.Contains(page, want) {
			t.Errorf("its Content-Security-Policy should have: %s", want)
		}
	}
	if strings.Contains(page, "style=") || strings.Contains(page, "://") {
		t.Error("it has a style that the policy forbids, or names another server")
	}
}
