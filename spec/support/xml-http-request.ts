const DONE = 4

/** The part of the web's `XMLHttpRequest` that an older client uses, over `fetch`. */
export class XmlHttpRequest {
  readyState = 0
  responseText = ""
  timeout = 0
  onreadystatechange: (() => void) | null = null
  onerror: (() => void) | null = null
  ontimeout: (() => void) | null = null
  readonly #abort = new AbortController()
  readonly #headers = new Headers()
  #method = "GET"
  #url = ""

  open(method: string, url: string): void {
    this.#method = method
    this.#url = url
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.set(name, value)
  }

  send(body: string | null): void {
    void this.#send(body)
  }

  abort(): void {
    this.#abort.abort()
  }

  #late(): void {
    this.abort()
    this.ontimeout?.()
  }

  async #send(body: string | null): Promise<void> {
    // 0 means no time limit.
    const timer = this.timeout > 0 ? setTimeout(() => this.#late(), this.timeout) : undefined
    try {
      const init = { method: this.#method, headers: this.#headers, body, signal: this.#abort.signal }
      this.responseText = await (await fetch(this.#url, init)).text()
    } catch {
      if (!this.#abort.signal.aborted) this.onerror?.()
      return
    } finally {
      clearTimeout(timer)
    }
    this.readyState = DONE
    this.onreadystatechange?.()
  }
}
