import { LONGPOLL } from "./intruder.js"

/** A request that contains another one, which must not be answered. */
export interface Crooked {
  readonly name: string
  readonly bytes: string
}

/** The smuggled request: it asks for a long-poll session, so that an answer to it would show. */
const INSIDE = `GET ${LONGPOLL} HTTP/1.1\r\nhost: x\r\n\r\n`
const { length } = INSIDE

const post = (name: string, headers: readonly string[], body: string): Crooked => ({
  name,
  bytes: [`POST ${LONGPOLL}&token=none HTTP/1.1`, "host: x", ...headers, "", body].join("\r\n"),
})

const hex = length.toString(16)

/** Requests whose length a proxy and a server may read in two ways. */
export const CROOKED: readonly Crooked[] = [
  post("a length and chunks", [`content-length: ${length + 5}`, "transfer-encoding: chunked"], `0\r\n\r\n${INSIDE}`),
  post("chunks and a length", ["transfer-encoding: chunked", "content-length: 4"], `${hex}\r\n${INSIDE}\r\n0\r\n\r\n`),
  post("two lengths", ["content-length: 0", `content-length: ${length}`], INSIDE),
  post("a list of lengths", [`content-length: 0, ${length}`], INSIDE),
  post("a length with a sign", [`content-length: +${length}`], INSIDE),
  post("a length below zero", ["content-length: -1"], INSIDE),
  post("a length in hexadecimal", [`content-length: 0x${hex}`], INSIDE),
  post("chunks by another name", ["transfer-encoding: xchunked"], `0\r\n\r\n${INSIDE}`),
  post("chunks twice", ["transfer-encoding: chunked", "transfer-encoding: identity"], `0\r\n\r\n${INSIDE}`),
  post("chunks behind a tab", ["transfer-encoding:\x0bchunked"], `0\r\n\r\n${INSIDE}`),
  post("a name with a space", ["content-length : 0"], INSIDE),
  post("a header that goes on in the next line", ["x: 1", " content-length: 0"], INSIDE),
  post("a header that ends in a bare line feed", ["x: 1\ncontent-length: 0"], INSIDE),
  post("a header that ends in a bare carriage return", ["x: 1\rcontent-length: 0"], INSIDE),
  post("a null byte in a header", ["x: \u0000"], INSIDE),
  post("a chunk with a sign", ["transfer-encoding: chunked"], `+0\r\n\r\n${INSIDE}`),
  post("a chunk of a size that overflows", ["transfer-encoding: chunked"], `10000000000000000\r\n${INSIDE}`),
  post("a chunk that ends elsewhere", ["transfer-encoding: chunked"], `1\r\nxx\r\n0\r\n\r\n${INSIDE}`),
  { name: "an HTTP version of its own", bytes: `GET / HTTP/1.1 ${INSIDE}` },
  { name: "a request line of two lines", bytes: `GET /\r\n HTTP/1.1\r\n${INSIDE}` },
]
