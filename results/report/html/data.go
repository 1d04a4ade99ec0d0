package html

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
)

// scriptData is all that the script draws and makes tables of.
type scriptData struct {
	Modes  []string    `json:"modes"`
	Answer []claimView `json:"answer,omitempty"` // what the claims' plots show, a workload each
	Parts  []partData  `json:"parts"`
}

// partData is what stands in a part of the page, by the part's ID.
type partData struct {
	ID       string      `json:"id"`
	Words    *verdict    `json:"words,omitempty"`
	Figures  []figure    `json:"figures,omitempty"`
	Timeline *timeline   `json:"timeline,omitempty"`
	Tables   []dataTable `json:"tables,omitempty"`
	Scene    *sceneData  `json:"scene,omitempty"`
}

// packed is the data as one block of text: JSON, compressed (DEFLATE, RFC 1951), in base64. It is a
// third of the JSON, which repeats itself.
func packed(d any) (template.HTML, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("write the page's data: %w", err)
	}
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, flate.BestCompression)
	if err != nil {
		return "", fmt.Errorf("compress the page's data: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return "", fmt.Errorf("compress the page's data: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("compress the page's data: %w", err)
	}
	return template.HTML(base64.StdEncoding.EncodeToString(small.Bytes())), nil
}
