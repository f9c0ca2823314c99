import { PassThrough } from "node:stream"
import { describe, expect, it } from "vitest"
import { json, type MessageSerializer } from "rookery"
import { msgpack } from "rookery/msgpack"
import type { ChatMessage } from "rookery/chat"
import { messageLine, messageLines } from "../../lib/cli/chat-lines.js"
import { frameText } from "../../lib/cli/frame-log.js"
import { say, type Io } from "../../lib/cli/io.js"
import { foldedPayload, payloadJson, unfoldedPayload } from "../../lib/cli/payload-text.js"
import { TailOutput } from "../../lib/cli/tail-output.js"
import { stylesFor } from "../../lib/cli/terminal-text.js"

/**
 * Attacks on a terminal: clear the screen, set the title, write the clipboard, move the cursor up, ring the bell, and
 * reverse the direction of text.
 */
const ATTACKS = [
  "\u001b[2J\u001b[H",
  "\u001b]0;owned\u0007",
  "\u001b]52;c;ZXZpbA==\u001b\\",
  "\u001bP$q\u001b\\",
  "\u009b31m",
  "a\r\nrookery: all is well",
  "\u001b[1A\u001b[2K",
  "\b\b\b\u007f\u0000",
  "\u202egnp.exe",
  "\u2028\u2029\u0085",
]

// eslint-disable-next-line no-control-regex
const STEERS = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/

function io(): { io: Io; out: () => string } {
  const stream = new PassThrough()
  let written = ""
  stream.on("data", (chunk: Buffer) => (written += chunk.toString()))
  const whole: Io = { stdin: stream, stdout: stream, stderr: stream, env: {}, signal: new AbortController().signal }
  return { io: whole, out: () => written }
}

describe.each(ATTACKS.map((attack) => [JSON.stringify(attack), attack]))(
  "the command, where a stranger sends %s",
  (_, attack) => {
    it("shows it on one line in topics, events and payloads, for people and as JSON", () => {
      for (const asJson of [false, true]) {
        const { io: whole, out } = io()
        new TailOutput(whole, asJson).message(attack, attack, { [attack]: attack })
        expect(out().endsWith("\n")).toBe(true)
        expect(out().slice(0, -1)).not.toMatch(STEERS)
      }
    })

    it("shows it in payloads that are folded, and in those that are unfolded, on the rows that they have", () => {
      const json = payloadJson({ [attack]: [attack, { [attack]: new Map([[attack, attack.repeat(50)]]) }] })
      for (const width of [1000, 40, 5]) expect(foldedPayload(json, width, stylesFor({}, {}))).not.toMatch(STEERS)
      const rows = unfoldedPayload(json, 100, stylesFor({}, {}))
      expect(rows).toHaveLength(10)
      for (const row of rows) expect(row).not.toMatch(STEERS)
    })

    it("shows it in frames of text and of bytes, whole or none of the protocol", () => {
      const message = { join_ref: "1", ref: "2", topic: attack, event: attack, payload: { [attack]: attack } }
      const serializers: MessageSerializer[] = [json(), msgpack()]
      for (const serializer of serializers) {
        expect(frameText(serializer.server.encode(message), "in", serializer)).not.toMatch(STEERS)
        expect(frameText(attack, "in", serializer)).not.toMatch(STEERS)
      }
    })

    it("shows it in names, rooms, times and messages of the chat", () => {
      const user = { email: `${attack}@example.com`, display_name: attack }
      const message = { id: "1", user, content: attack, timestamp: attack } as unknown as ChatMessage
      expect(messageLine(message, attack, stylesFor({}, {}))).not.toMatch(STEERS)
      for (const line of messageLines(message, attack, stylesFor({}, {})).split("\n")) expect(line).not.toMatch(STEERS)
    })

    it("shows it in what a server gives for a reason", () => {
      const { io: whole, out } = io()
      say(whole, `refused: ${attack}`)
      expect(out().slice(0, -1)).not.toMatch(STEERS)
    })
  },
)
