// Protects a service in Go with Latchkey, by the standard library alone (Go 1.19 or later).
//
// Verify asks Latchkey about each token (RFC 7662) and keeps nothing: a token is refused from the first request after
// its session has ended. Without an answer within the deadline the request is refused with 503, never accepted. With
// ES256 a token with a wrong signature is refused without a call.
//
//	LATCHKEY_URL=http://localhost:3000 LATCHKEY_CLIENT_ID=orders LATCHKEY_CLIENT_SECRET=... PORT=4000 go run verify.go
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	deadline       = time.Second
	maxAnswerBytes = 64 << 10
	// A key is published ten minutes before it signs.
	keysMaxAge = time.Minute
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

	mutex     sync.Mutex
	keys      map[string]*ecdsa.PublicKey
	fetchedAt time.Time
}

func NewLatchkey(address, clientID, clientSecret string) *Latchkey {
	return &Latchkey{
		address:      strings.TrimRight(address, "/"),
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
	if l.isForged(found[1]) {
		return nil, ErrNotSignedIn
	}
	form := url.Values{"token": {found[1]}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.address+"/api/auth/introspect", strings.NewReader(form))
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

// isForged reports whether no key of Latchkey has signed the token. False where that is unknown: Latchkey then decides, as
// it does about every other claim.
func (l *Latchkey) isForged(token string) bool {
	keys := l.publicKeys()
	if len(keys) == 0 {
		return false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return true
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	var fields struct{ Alg, Kid string }
	if err != nil || json.Unmarshal(header, &fields) != nil || fields.Alg != "ES256" || keys[fields.Kid] == nil {
		return true
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return true
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return !ecdsa.Verify(keys[fields.Kid], hash[:], r, s)
}

// publicKeys are fetched once per keysMaxAge, also after a failure, by one request while others wait for it. None are
// returned while they are unknown, and with HS256.
func (l *Latchkey) publicKeys() map[string]*ecdsa.PublicKey {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if time.Since(l.fetchedAt) > keysMaxAge {
		l.keys = l.fetchKeys()
		l.fetchedAt = time.Now()
	}
	return l.keys
}

func (l *Latchkey) fetchKeys() map[string]*ecdsa.PublicKey {
	response, err := l.client.Get(l.address + "/.well-known/jwks.json")
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	var set struct {
		Keys []struct{ Kty, Crv, Kid, X, Y string }
	}
	err = json.NewDecoder(io.LimitReader(response.Body, maxAnswerBytes)).Decode(&set)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, key := range set.Keys {
		x, errX := base64.RawURLEncoding.DecodeString(key.X)
		y, errY := base64.RawURLEncoding.DecodeString(key.Y)
		public := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
		if key.Kty == "EC" && key.Crv == "P-256" && errX == nil && errY == nil && public.Curve.IsOnCurve(public.X, public.Y) {
			keys[key.Kid] = public
		}
	}
	return keys
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
