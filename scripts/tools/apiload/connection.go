package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// request is what is sent, without the headers that every request has.
type request struct {
	method  string
	path    string // with the query
	content string // type of the body
	body    []byte
}

// connection is one HTTP/1.1 connection with keep-alive, used by one goroutine: what net/http does
// beyond that (pools, a goroutine for each direction, redirects, header maps) would be most of what
// the client costs, and both sides of the measurement share the machine.
type connection struct {
	tls    *tls.Conn
	reader *bufio.Reader
	host   string
	out    []byte
	in     bytes.Buffer
}

// buffered reads from the socket in pieces that are larger than a TLS record.
type buffered struct {
	net.Conn
	reader *bufio.Reader
}

func (b buffered) Read(to []byte) (int, error) { return b.reader.Read(to) }

func dial(address string, config *tls.Config) (*connection, error) {
	socket, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	c := &connection{host: address}
	c.tls = tls.Client(buffered{socket, bufio.NewReaderSize(socket, 64<<10)}, config)
	if err := c.tls.Handshake(); err != nil {
		return nil, err
	}
	c.reader = bufio.NewReaderSize(c.tls, 16<<10)
	return c, nil
}

// do gives the status and the body, which is good until the next call; where it is not wanted only
// its length is.
func (c *connection) do(r request, keep bool) (status int, body []byte, length int64, err error) {
	c.out = append(c.out[:0], r.method...)
	c.out = append(c.out, ' ')
	c.out = append(c.out, r.path...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: "...)
	c.out = append(c.out, c.host...)
	c.out = append(c.out, "\r\nUser-Agent: apiload\r\nAccept: application/json\r\n"...)
	if r.body != nil {
		c.out = append(c.out, "Content-Type: "...)
		c.out = append(c.out, r.content...)
		c.out = append(c.out, "\r\nContent-Length: "...)
		c.out = strconv.AppendInt(c.out, int64(len(r.body)), 10)
		c.out = append(c.out, "\r\n"...)
	}
	c.out = append(c.out, "\r\n"...)
	c.out = append(c.out, r.body...)
	if _, err = c.tls.Write(c.out); err != nil {
		return
	}
	size, chunked := int64(0), false
	if status, size, chunked, err = c.head(); err != nil {
		return
	}
	source := io.LimitReader(c.reader, size)
	if chunked {
		source = httputil.NewChunkedReader(c.reader)
	}
	c.in.Reset()
	if keep || status >= 400 {
		length, err = c.in.ReadFrom(source)
	} else if !chunked {
		var discarded int
		discarded, err = c.reader.Discard(int(size))
		length = int64(discarded)
	} else {
		length, err = io.Copy(io.Discard, source)
	}
	if err == nil && chunked {
		_, err = c.line() // after the last chunk
	}
	return status, c.in.Bytes(), length, err
}

func (c *connection) line() ([]byte, error) {
	line, err := c.reader.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}

func (c *connection) head() (status int, size int64, chunked bool, err error) {
	line, err := c.line()
	if err != nil {
		return
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, false, fmt.Errorf("no HTTP answer: %.40q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return
	}
	for {
		if line, err = c.line(); err != nil || len(line) == 0 {
			return
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch textproto.CanonicalMIMEHeaderKey(string(name)) {
		case "Content-Length":
			size, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		case "Transfer-Encoding":
			chunked = strings.Contains(string(value), "chunked")
		}
		if err != nil {
			return
		}
	}
}
