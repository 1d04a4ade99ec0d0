package summary

import "strings"

// Says is what the article's table has in a row.
func Says(row string) string { return articleSays[row] }

// verdicts are what a headline says of the claims with a mark, of one and of several.
var verdicts = []struct{ mark, one, several string }{
	{markAsSaid, "is as it says", "are as it says"},
	{markReversed, "is the other way round", "are the other way round"},
	{markSame, "makes no difference", "make no difference"},
	{markDepends, "varies", "vary"},
	{markOpen, "is undecided", "are undecided"},
}

// Headline says in a sentence what all claims together come to, and of models alone if they are;
// "" for none.
func Headline(claims []Claim, models bool) string {
	var parts []string
	found := map[string]bool{}
	for _, v := range verdicts {
		var rows []string
		for _, c := range claims {
			if c.Mark == v.mark {
				rows = append(rows, c.Row)
			}
		}
		switch {
		case rows == nil:
			continue
		case len(rows) == len(claims):
			said := map[string]string{markAsSaid: "Yes, on every count", markReversed: "No, it is the other way round",
				markSame: "No, there is no difference", markDepends: "It varies", markOpen: "That remains open"}[v.mark]
			if models {
				said += ", of these models"
			}
			return said
		}
		found[v.mark] = true
		parts = append(parts, joinNames(rows)+" "+does(rows, v.one, v.several))
	}
	text := strings.Join(parts, ", ")
	switch {
	case parts == nil:
		return ""
	case found[markAsSaid]:
		return "In part: " + text
	case found[markReversed]:
		return "No: " + text
	}
	return "Unclear: " + text
}

// Outcome is what the claim's mark stands for, for a style sheet.
func (c Claim) Outcome() string {
	return map[string]string{markAsSaid: "good", markReversed: "bad", markSame: "even", markDepends: "depends",
		markOpen: "open"}[c.Mark]
}
