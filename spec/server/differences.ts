import type { RecordedExchange, Recording } from "../support/recordings.js"

/** Where the endpoint answers another way than Phoenix did, on purpose: why, and what it answers instead. */
export interface Difference {
  why: string
  ours(recording: Recording): void
}

const exchange = ({ exchanges }: Recording, n: number): RecordedExchange => {
  const found = exchanges.find((each) => each.n === n)
  if (found === undefined) throw new Error(`no exchange ${n}`)
  return found
}

const answers = (recording: Recording, n: number, body: object): void => {
  const found = exchange(recording, n)
  found.status = 200
  found.response_headers = { ...exchange(recording, 1).response_headers }
  found.response_body = JSON.stringify(body)
}

const frame = (...parts: unknown[]): string => JSON.stringify(parts)
const ok = (ref: string, response: unknown): string =>
  frame("1", ref, "room:lp", "phx_reply", { status: "ok", response })

/** By the name of the recording. */
export const DIFFERENCES: Record<string, Difference> = {
  connect_auth_token: {
    why: "a token is taken in either alphabet of base64, because the url one is what a browser can offer",
    ours({ connections }) {
      const url = connections.find(({ id }) => id === "raw_url_alphabet")
      const plain = connections.find(({ id }) => id === "raw_normal")
      if (url !== undefined && plain !== undefined) Object.assign(url, { opened: true, http: plain.http })
    },
  },
  connect_origin: {
    why: "answers to other origins name the one that is allowed, instead of letting every page read them",
    ours(recording) {
      for (const { response_headers: headers, request_headers: asked } of recording.exchanges) {
        if (asked["origin"] === "https://good.example")
          Object.assign(headers ?? {}, { "access-control-allow-origin": asked["origin"] })
        else delete headers?.["access-control-allow-origin"]
      }
    },
  },
  lp_batch_limit: {
    why: "a batch of more than 100 lines is refused whole, instead of losing what comes after the hundredth",
    ours(recording) {
      answers(recording, 4, { status: 400, error: "more than 100 lines; none was taken" })
      // Nothing was taken, so there is nothing to poll for.
      recording.exchanges = recording.exchanges.filter(({ n }) => n !== 5)
    },
  },
  lp_binary: {
    why: "binary replies arrive over long-poll, as base64, instead of as broken text or an HTTP 500",
    ours(recording) {
      const reply = (ref: string, data: Buffer): string =>
        Buffer.concat([Buffer.from([1, 1, 1, 7, 2]), Buffer.from(`1${ref}room:lpok`), data]).toString("base64")
      answers(recording, 5, { status: 200, token: "SESSION1", messages: [reply("2", Buffer.from("abc"))] })
      answers(recording, 7, { status: 200, token: "SESSION1", messages: [reply("3", Buffer.from([0xff, 0xfe]))] })
    },
  },
  lp_content_types: {
    why: "a line feed at the end does not end the session",
    ours(recording) {
      const [published, polled] = recording.exchanges.slice(-2) as [RecordedExchange, RecordedExchange]
      answers(recording, published.n, { status: 200 })
      answers(recording, polled.n, { status: 200, token: "SESSION2", messages: [ok("8", { via: "trailing newline" })] })
    },
  },
  lp_ndjson_charset_two: {
    why: "a charset beside the content type does not end the session",
    ours(recording) {
      answers(recording, 4, { status: 200 })
      answers(recording, 5, { status: 200, token: "SESSION1", messages: [ok("2", {}), ok("3", {})] })
    },
  },
  v2_join_null_join_ref: {
    why: "a push may name a join that had no join_ref by the join's ref: phoenix_client for Elixir pushes so",
    ours({ frames }) {
      const at = frames.findIndex(({ dir, data }) => dir === "out" && data?.startsWith('["7","9"')) + 1
      const data = frame("7", "9", "room:1", "phx_reply", { status: "ok", response: { a: 2 } })
      frames.splice(at, 0, { conn: "a", t: frames[at]?.t ?? 0, dir: "in", kind: "text", data })
    },
  },
  v2_leave_then_join_at_once: {
    why: "the leave is always answered, which Phoenix does now and then",
    ours({ frames }) {
      const at = frames.findIndex(({ dir, data }) => dir === "in" && data?.startsWith('["3","3"'))
      const data = frame("1", "2", "room:1", "phx_reply", { status: "ok", response: {} })
      frames.splice(at, 0, { conn: "a", t: frames[at]?.t ?? 0, dir: "in", kind: "text", data })
    },
  },
  v2_push_echo: {
    why: "of two equal keys in JSON the last wins",
    ours({ frames }) {
      for (const each of frames) if (each.dir === "in" && each.data) each.data = each.data.replace('{"x":1}', '{"x":2}')
    },
  },
  v2_server_shutdown: {
    why: "sockets without a channel are sent away with 1012 too: after 1000 some clients do not come back",
    ours({ frames, connections }) {
      for (const each of frames) if (each.dir === "in" && each.kind === "close") each.code = 1012
      for (const { close } of connections) if (close !== undefined) close.code = 1012
    },
  },
}
