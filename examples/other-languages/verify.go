// Protects a service in Go with Latchkey, by the standard library alone (Go 1.20 or later).
//
// Verify asks Latchkey about each token (RFC 7662) and keeps nothing: a token is refused from the first request after
// its session has ended. Without an answer within the deadline the request is refused with 503, never accepted.
//
//	LATCHKEY_URL=http://localhost:3000 LATCHKEY_CLIENT_ID=orders LATCHKEY_CLIENT_SECRET=... PORT=4000 go run verify.go
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

const (
	deadline       = time.Second
	maxAnswerBytes = 64 << 10
)

// ErrNotSignedIn means no token, or one that is not valid now: 401.
var ErrNotSignedIn = errors.New("not signed in")

// ErrUnavailable means that Latchkey did not say whether the session is alive: 503.
var ErrUnavailable = errors.New("latchkey is unavailable")

var bearer = regexp.MustCompile(`(?i)^Bearer +(\S+)$`)

// Session is a session that is alive.
type Session struct {
	UserID    string `json:"sub"`
	SessionID string `json:"sid"`
	Role      string `json:"scope"`
	ExpiresAt int64  `json:"exp"`
}

// Latchkey is safe for use by many goroutines.
type Latchkey struct {
	address, clientID, clientSecret string
	client                          *http.Client
}

func NewLatchkey(address, clientID, clientSecret string) *Latchkey {
	return &Latchkey{
		address:      strings.TrimRight(address, "/") + "/api/auth/introspect",
		clientID:     clientID,
		clientSecret: clientSecret,
		client: &http.Client{
			// The whole call, with its body.
			Timeout: deadline,
			// A redirect would carry the secret of this service to another address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Verify reads the token of a header field Authorization. The error is ErrNotSignedIn or wraps ErrUnavailable.
func (l *Latchkey) Verify(ctx context.Context, authorization string) (*Session, error) {
	found := bearer.FindStringSubmatch(authorization)
	if found == nil {
		return nil, ErrNotSignedIn
	}
	form := url.Values{"token": {found[1]}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.address, strings.NewReader(form))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	request.SetBasicAuth(l.clientID, l.clientSecret)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := l.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrUnavailable, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: introspection answered %d", ErrUnavailable, response.StatusCode)
	}
	var answer struct {
		Active *bool `json:"active"`
		Session
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswerBytes)).Decode(&answer)
	if err != nil || answer.Active == nil {
		return nil, fmt.Errorf("%w: introspection answered in an unknown form", ErrUnavailable)
	}
	if !*answer.Active {
		return nil, ErrNotSignedIn
	}
	return &answer.Session, nil
}

type sessionKey struct{}

// SessionOf returns the session of a request that has passed RequireSession.
func SessionOf(request *http.Request) *Session {
	session, _ := request.Context().Value(sessionKey{}).(*Session)
	return session
}

// RequireSession lets a request with a live session pass, and answers every other.
func (l *Latchkey) RequireSession(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := l.Verify(r.Context(), r.Header.Get("Authorization"))
		switch {
		case err == nil:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), sessionKey{}, session)))
		case errors.Is(err, ErrNotSignedIn):
			w.Header().Set("WWW-Authenticate", "Bearer")
			answer(w, http.StatusUnauthorized, map[string]string{"code": "token_invalid"})
		default:
			w.Header().Set("Retry-After", "1")
			answer(w, http.StatusServiceUnavailable, map[string]string{"code": "dependency_unavailable"})
		}
	})
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func main() {
	latchkey := NewLatchkey(os.Getenv("LATCHKEY_URL"), os.Getenv("LATCHKEY_CLIENT_ID"), os.Getenv("LATCHKEY_CLIENT_SECRET"))
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"service": "Go", "ordersOf": SessionOf(r).UserID})
	})
	server := &http.Server{
		Addr:              "127.0.0.1:" + os.Getenv("PORT"),
		Handler:           latchkey.RequireSession(orders),
		ReadHeaderTimeout: 10 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}
