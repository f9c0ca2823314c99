import { describe, expect, it } from "vitest"
import { AUTH_TOKEN_PREFIX as PREFIX, authTokenSubprotocols, readSubprotocols } from "../../lib/protocol/auth-token.js"

describe("the subprotocols that a client offers", () => {
  it.each([
    ["phoenix", { authToken: null, answer: "phoenix" }],
    [`phoenix, ${PREFIX}b25l`, { authToken: "one", answer: "phoenix" }],
    [`${PREFIX}b25l,phoenix`, { authToken: "one", answer: "phoenix" }],
    [`${PREFIX}b25l`, { authToken: "one", answer: undefined }],
    [`phoenix, ${PREFIX}`, { authToken: "", answer: "phoenix" }],
    [`phoenix, ${PREFIX}b25l, ${PREFIX}dHdv`, { authToken: null, answer: "phoenix" }],
    ["foo, phoenix", { authToken: null, answer: "phoenix" }],
    [`phoenix, ${PREFIX}YWI=`, { authToken: "ab", answer: "phoenix" }],
    [`phoenix, ${PREFIX}Pz8/Pj4+fn5+`, { authToken: "???>>>~~~", answer: "phoenix" }],
    [`phoenix, ${PREFIX}Pz8_Pj4-fn5-`, { authToken: "???>>>~~~", answer: "phoenix" }],
    ["other", "unknown"],
    [`other, ${PREFIX}b25l`, "unknown"],
    [`${PREFIX}b25l, ${PREFIX}dHdv`, "unknown"],
    [`phoenix, ${PREFIX}!!!`, "bad token"],
    [`phoenix, ${PREFIX}abcde`, "bad token"],
    [`phoenix, ${PREFIX}/w`, "bad token"],
  ])("%s", (header, expected) => {
    expect(readSubprotocols(header)).toEqual(expected)
  })

  it.each(["my token", "žluť", "???>>>~~~", ""])("give back the token %j", (token) => {
    expect(readSubprotocols(authTokenSubprotocols(token).join(", "))).toEqual({ authToken: token, answer: "phoenix" })
  })
})
