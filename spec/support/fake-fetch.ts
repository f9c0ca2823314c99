import { Waitable } from "./link-log.js"

/** A request that waits for its answer. */
export class FakeRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: string | undefined
  readonly signal: AbortSignal | undefined
  readonly #settle: (answer: Response) => void
  readonly #reject: (error: unknown) => void

  constructor(url: string, init: RequestInit, settle: (answer: Response) => void, reject: (error: unknown) => void) {
    this.url = new URL(url)
    this.method = init.method ?? "GET"
    this.headers = new Headers(init.headers)
    this.body = init.body as string | undefined
    this.signal = init.signal ?? undefined
    this.#settle = settle
    this.#reject = reject
  }

  /** The lines of text of a POST. */
  get lines(): string[] {
    return (this.body ?? "").split("\n")
  }

  /** Answers as Phoenix does: with HTTP 200, and the real status in the body. */
  answer(body: unknown): void {
    this.respond(JSON.stringify(body))
  }

  respond(body: string, status = 200): void {
    this.#settle(new Response(body, { status }))
  }

  fail(error: Error): void {
    this.#reject(error)
  }
}

/** A `fetch` whose requests the test answers by hand, in any order. */
export class FakeFetch {
  readonly polls: Waitable<FakeRequest> = new Waitable()
  readonly posts: Waitable<FakeRequest> = new Waitable()

  readonly fetch = ((url: string, init: RequestInit = {}) =>
    new Promise((resolve, reject) => {
      const request = new FakeRequest(url, init, resolve, reject)
      request.signal?.addEventListener("abort", () => reject(request.signal?.reason as Error), { once: true })
      ;(request.method === "POST" ? this.posts : this.polls).push(request)
    })) as typeof fetch

  /** Whether the test has taken every request. */
  get quiet(): boolean {
    return this.polls.waiting.length === 0 && this.posts.waiting.length === 0
  }
}
