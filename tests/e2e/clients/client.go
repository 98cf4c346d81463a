// client talk|leave URL TOKEN: Go's net/http. See clients.py.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

func tell(outcome ...any) {
	if err := json.NewEncoder(os.Stdout).Encode(outcome); err != nil {
		panic(err)
	}
}

// Hides the length of what it reads, so that it is sent in chunks.
type ofUnknownLength struct{ io.Reader }

func request(ctx context.Context, method, url, token string, body io.Reader) *http.Request {
	made, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		panic(err)
	}
	made.Header.Set("Authorization", "Bearer "+token)
	return made
}

func talk(url, token string) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ExpectContinueTimeout = time.Minute
	client := &http.Client{Transport: transport}
	for _, name := range []string{"GET", "POST", "chunked", "expect", "again"} {
		method, body := "POST", io.Reader(strings.NewReader("hello"))
		switch name {
		case "GET", "again":
			method, body = "GET", nil
		case "chunked":
			body = ofUnknownLength{body}
		}
		made := request(context.Background(), method, url+"/echo", token, body)
		if name == "expect" {
			made.Header.Set("Expect", "100-continue")
		}
		answer, err := client.Do(made)
		if err != nil {
			panic(err)
		}
		var received any
		if err := json.NewDecoder(answer.Body).Decode(&received); err != nil {
			panic(err)
		}
		// Without its end the connection is not used again.
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		tell(name, answer.StatusCode, received)
	}
}

func leave(url, token string) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := http.DefaultClient.Do(request(ctx, "GET", url+"/polls", token, nil)); errors.Is(err, context.DeadlineExceeded) {
		tell("left")
	} else {
		tell(err)
	}
}

func main() {
	map[string]func(string, string){"talk": talk, "leave": leave}[os.Args[1]](os.Args[2], os.Args[3])
	io.Copy(io.Discard, os.Stdin)
}
