import type { RecordedExchange, Recording } from "./recording.js"
import type { RefPairs } from "./ref-pairs.js"

/** One HTTP request as the server saw it. */
export interface SeenRequest {
  path: string
  headers: Record<string, string>
  /** The frames in the body, in their order. */
  frames: string[]
}

const COMPARED_HEADERS = ["accept", "content-type", "x-phoenix-authtoken", "x-phoenix-longpoll-token"]

/**
 * The long-poll half of a recording's server: the nth poll gets the nth recorded answer, once the client has posted the
 * messages that the server had when it gave that answer.
 */
export class ReplayedLongPoll {
  readonly polls: SeenRequest[] = []
  readonly posts: SeenRequest[] = []
  readonly #recordedPolls: RecordedExchange[]
  readonly #recordedPosts: RecordedExchange[]
  readonly #refs: RefPairs
  #posted: () => void = () => {}

  constructor(recording: Recording, refs: RefPairs) {
    const exchanges = recording.exchanges ?? []
    this.#recordedPolls = exchanges.filter(({ method }) => method === "GET")
    this.#recordedPosts = exchanges.filter(({ method }) => method === "POST")
    this.#refs = refs
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { pathname, search } = new URL(url)
    const request: SeenRequest = {
      path: pathname + search,
      headers: comparedHeaders(init.headers),
      frames: linesOf(init.body),
    }
    const answer = init.method === "POST" ? this.#post(request) : this.#poll(request)
    return await Promise.race([answer, aborted(init.signal)])
  }

  async #post(request: SeenRequest): Promise<Response> {
    const recorded = this.#recordedPosts[this.posts.length]
    this.posts.push(request)
    const lines = linesOf(recorded?.request_body)
    lines.forEach((line, index) => this.#refs.pair(line, request.frames[index]))
    this.#posted()
    await passing(recorded?.took_ms ?? 0)
    return answerOf(recorded)
  }

  async #poll(request: SeenRequest): Promise<Response> {
    const recorded = this.#recordedPolls[this.polls.length]
    this.polls.push(request)
    if (recorded?.response_body === undefined) return await new Promise<never>(() => {})
    const answeredAt = recorded.t + recorded.took_ms
    const before = this.#recordedPosts.filter(({ t }) => t <= answeredAt)
    while (this.posts.length < before.length) await new Promise<void>((resolve) => (this.#posted = resolve))
    await passing(answeredAt - Math.max(recorded.t, before.at(-1)?.t ?? 0))
    const body = JSON.parse(recorded.response_body) as { messages?: string[] }
    const messages = body.messages?.map((message) => this.#refs.translate(message))
    return answerOf({ ...recorded, response_body: JSON.stringify({ ...body, messages }) })
  }
}

/** The requests of a recording, as the server saw them. */
export function recordedRequests(recording: Recording, method: "GET" | "POST"): SeenRequest[] {
  return (recording.exchanges ?? [])
    .filter((exchange) => exchange.method === method)
    .map(({ path, request_headers, request_body }) => ({
      path,
      headers: comparedHeaders(request_headers),
      frames: linesOf(request_body),
    }))
}

// The client itself sets `accept` for polls only; for posts its HTTP library sets `*/*`, which is not compared.
function comparedHeaders(init: RequestInit["headers"]): Record<string, string> {
  const headers = Object.fromEntries(new Headers(init))
  if (headers["accept"] === "*/*") delete headers["accept"]
  return Object.fromEntries(Object.entries(headers).filter(([name]) => COMPARED_HEADERS.includes(name)))
}

const linesOf = (body: unknown): string[] => (typeof body === "string" && body !== "" ? body.split("\n") : [])

const answerOf = (recorded: RecordedExchange | undefined): Response =>
  new Response(recorded?.response_body ?? null, { status: recorded?.status ?? 500 })

const passing = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(1, ms)))

function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error))
  })
}
