import { describe, expect, it } from "vitest"
import {
  AUTH_TOKEN_PREFIX,
  authTokenHeader,
  authTokenOf,
  authTokenSubprotocols,
} from "../../lib/protocol/auth-token.js"
import { anyText, check } from "../support/arbitraries.js"
import { readRecording } from "../support/recordings.js"

const offered = (token: string): string => authTokenSubprotocols(token)[1].slice(AUTH_TOKEN_PREFIX.length)

describe("authTokenSubprotocols", () => {
  it("offers what the official client offers", () => {
    const [connection] = readRecording("official_auth_token").connections
    expect(authTokenSubprotocols("secret-token").join()).toBe(connection?.protocols)
  })

  it.each([
    ["a plain token", "abc", "YWJj"],
    ["one whose base64 is padded", "abcd", "YWJjZA"],
    ["the empty token", "", ""],
    ["text beyond Latin-1, as UTF-8", "ключ☃", "0LrQu9GO0YfimIM"],
    // Phoenix reads the plain alphabet, so a plus stays a plus.
    ["a token with a plus in its base64", "~~~>", "fn5+Pg"],
    // A subprotocol must not contain a slash, so the whole token uses the other alphabet.
    ["a token with a slash in its base64", "???", "Pz8_"],
    ["a token with both", "~~~>???", "fn5-Pj8_Pw"],
  ])("writes %s", (_, token, encoded) => {
    expect(offered(token)).toBe(encoded)
  })

  it("offers any token as a name that may stand in the header, and the same token on the other side", () => {
    check(anyText, (token) => {
      const encoded = offered(token)
      expect(encoded).toMatch(/^[A-Za-z0-9+_-]*$/)
      // Node's base64 reads either alphabet.
      expect(Buffer.from(encoded, "base64").toString()).toBe(token)
      // The token uses the plain alphabet if it can, because Phoenix reads no other.
      const plain = Buffer.from(token).toString("base64").replace(/=/g, "")
      if (!plain.includes("/")) expect(encoded).toBe(plain)
    })
  })
})

describe("authTokenOf", () => {
  const header = (token: string): Uint8Array => Buffer.from(authTokenHeader(token), "latin1")

  it("reads what was written for a header", () => {
    check(anyText, (token) => expect(authTokenOf(header(token))).toBe(token))
  })

  it("reads what phoenix.js writes, a character a byte", () => {
    expect(authTokenOf(Buffer.from("clé", "latin1"))).toBe("clé")
  })
})

describe("authTokenHeader", () => {
  it("is the token, in bytes that a header may have", () => {
    expect(authTokenHeader("abc.def")).toBe("abc.def")
    expect(authTokenHeader("é☃")).toBe("\u00c3\u00a9\u00e2\u0098\u0083")
    expect(() => new Headers({ "x-phoenix-authtoken": authTokenHeader("ключ") })).not.toThrow()
  })
})
