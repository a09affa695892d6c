// Receives the webhooks of poller: verifies them, keeps each event once, knows which is the latest of a job. Go 1.21, no packages.
// HOOK_SECRET: the notifier's `secret`, or several with spaces between them. PORT: 8000.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	path      = "events.jsonl"
	limit     = 4 << 20 // bytes; more is not read
	tolerance = 300     // seconds that the clocks may differ; an older request may be a replay
)

type event struct {
	ID       string `json:"id"`
	Subject  string `json:"subject"`
	Sequence string `json:"sequence"`
	Data     struct {
		Summary string `json:"summary"`
	} `json:"data"`
}

type receiver struct {
	keys   [][]byte
	mutex  sync.Mutex
	file   *os.File
	seen   map[string]bool   // ids
	latest map[string]string // job -> highest sequence
}

// verified says whether one of our secrets has signed this body, just now.
func (r *receiver) verified(header http.Header, body []byte) bool {
	id, stamp := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || seconds < time.Now().Unix()-tolerance || seconds > time.Now().Unix()+tolerance {
		return false
	}
	for _, key := range r.keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.", id, stamp)
		mac.Write(body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, given := range strings.Fields(header.Get("webhook-signature")) {
			if hmac.Equal([]byte(given), []byte(expected)) {
				return true
			}
		}
	}
	return false
}

// remember keeps the event in mind: "latest" of its job, or "late"; empty if it was there already.
func (r *receiver) remember(one event) string {
	if r.seen[one.ID] {
		return ""
	}
	r.seen[one.ID] = true
	newest := r.latest[one.Subject]
	if one.Sequence < newest {
		return "late"
	}
	r.latest[one.Subject] = one.Sequence
	return "latest"
}

// store keeps what is new; it is on the disk when this returns.
func (r *receiver) store(told []json.RawMessage) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, raw := range told {
		var one event
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		place := r.remember(one)
		if place == "" {
			continue
		}
		if _, err := r.file.Write(append(raw, '\n')); err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", place, one.Data.Summary)
	}
	return r.file.Sync()
}

func (r *receiver) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(answer, request.Body, limit))
	if err != nil {
		answer.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if !r.verified(request.Header, body) {
		answer.WriteHeader(http.StatusUnauthorized)
		return
	}
	told := []json.RawMessage{body}
	if len(body) > 0 && body[0] == '[' { // an array: events that are told together
		if err := json.Unmarshal(body, &told); err != nil {
			answer.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	if err := r.store(told); err != nil {
		log.Fatal(err) // what is in memory and not on the disk must not count as seen
	}
	answer.WriteHeader(http.StatusNoContent) // also for what was there already
}

func (r *receiver) open() {
	if file, err := os.Open(path); err == nil {
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, 2*limit)
		for lines.Scan() {
			var one event
			// A line that a crash cut off was not answered with 2xx: it comes again.
			if json.Unmarshal(lines.Bytes(), &one) == nil && one.ID != "" {
				r.remember(one)
			}
		}
		file.Close()
	}
	var err error
	if r.file, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(r.file) // ends what a crash cut off; an empty line means nothing
}

func main() {
	r := &receiver{seen: map[string]bool{}, latest: map[string]string{}}
	for _, secret := range strings.Fields(os.Getenv("HOOK_SECRET")) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil {
			log.Fatal("HOOK_SECRET is no whsec_<base64>")
		}
		r.keys = append(r.keys, key)
	}
	r.open()
	port := os.Getenv("PORT")
	if port == "" {
		port = "8000"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on port %d\n", listener.Addr().(*net.TCPAddr).Port)
	// A sender that stalls is dropped.
	log.Fatal((&http.Server{Handler: r, ReadTimeout: 20 * time.Second}).Serve(listener))
}
