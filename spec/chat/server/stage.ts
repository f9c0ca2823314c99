import { request as httpRequest, type IncomingHttpHeaders } from "node:http"
import { Socket } from "rookery"
import { ChatServer, memoryStore, type ChatServerOptions, type ChatTopics, type Mail } from "rookery/chat/server"

/** A queue of received items; `next()` waits for one. */
export class Inbox<T> {
  readonly #came: T[] = []
  readonly #waiting: ((item: T) => void)[] = []

  readonly put = (item: T): void => {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#came.push(item)
    else waiting(item)
  }

  next(): Promise<T> {
    const item = this.#came.shift()
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item)
  }

  /** The items that have not been taken. */
  get left(): readonly T[] {
    return this.#came
  }
}

export interface SentLink {
  email: string
  link: string
  token: string
}

/** An answer over HTTP. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  json: unknown
}

export interface Ask {
  headers?: Record<string, string>
  /** Sent as JSON, unless it is a string. */
  body?: unknown
}

/** Makes a request as a hostile client would, with any path and any header. */
export function ask(port: number, method: string, path: string, { headers = {}, body }: Ask = {}): Promise<Answer> {
  const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body)
  const type = text !== undefined && { "content-type": "application/json" }
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, method, path, headers: { ...type, ...headers }, agent: false }, (response) => {
      let answer = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => (answer += chunk))
      response.on("end", () => {
        const isJson = response.headers["content-type"]?.startsWith("application/json")
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, text: answer, json: isJson ? JSON.parse(answer) : undefined })
      })
    })
    request.on("error", reject)
    request.end(text)
  })
}

const FORM = "application/x-www-form-urlencoded"

/** A chat server on a free port, with its mails and its users. */
export class ChatStage implements AsyncDisposable {
  readonly chat: ChatServer
  readonly port: number
  readonly mails: Inbox<SentLink>
  readonly errors: unknown[]
  readonly #sockets: Socket<ChatTopics>[] = []

  private constructor(chat: ChatServer, port: number, mails: Inbox<SentLink>, errors: unknown[]) {
    this.chat = chat
    this.port = port
    this.mails = mails
    this.errors = errors
  }

  static async open(options: ChatServerOptions = {}): Promise<ChatStage> {
    const mails = new Inbox<SentLink>()
    const errors: unknown[] = []
    const mail: Mail = {
      send: async (email, link) => mails.put({ email, link, token: new URL(link).searchParams.get("token") ?? "" }),
    }
    const chat = new ChatServer({
      store: memoryStore(),
      mail,
      page: false,
      logger: (level, message, { error }) => void (level === "error" && errors.push(error ?? message)),
      ...options,
    })
    const { port } = await chat.listen()
    return new ChatStage(chat, port, mails, errors)
  }

  get origin(): string {
    return this.chat.publicUrl
  }

  ask(method: string, path: string, options?: Ask): Promise<Answer> {
    return ask(this.port, method, path, options)
  }

  /** Asks for a link, and returns the mail. */
  async link(email: string): Promise<SentLink> {
    const { status, text } = await this.ask("POST", "/api/login", { body: { email } })
    if (status !== 202) throw new Error(`a link was refused: ${status} ${text}`)
    return this.mails.next()
  }

  /** Presses the button on the page of a link. */
  press(token: string, headers: Record<string, string> = { origin: this.origin }): Promise<Answer> {
    const body = new URLSearchParams({ token }).toString()
    return this.ask("POST", "/login", { headers: { "content-type": FORM, ...headers }, body })
  }

  /** Logs a user in, and returns the session's token. */
  async logIn(email: string): Promise<string> {
    const { token } = await this.link(email)
    const { json } = await this.ask("POST", "/api/session", { body: { token } })
    return (json as { session_token: string }).session_token
  }

  /** Logs a user in as a browser does, and returns the cookie. */
  async logInByCookie(email: string): Promise<string> {
    const { headers } = await this.press((await this.link(email)).token)
    return headers["set-cookie"]?.[0]?.split(";")[0] ?? ""
  }

  /** Opens a socket that does not reconnect. */
  async connect(sessionToken: string): Promise<Socket<ChatTopics>> {
    const socket = this.socket(sessionToken)
    socket.connect()
    await socket.opened()
    return socket
  }

  socket(authToken: string): Socket<ChatTopics> {
    const url = `ws://127.0.0.1:${this.port}/socket`
    const socket = new Socket<ChatTopics>(url, { authToken, reconnectAfterMs: () => false })
    this.#sockets.push(socket)
    return socket
  }

  /** Logs a user in, and connects. */
  async person(email: string): Promise<Socket<ChatTopics>> {
    return this.connect(await this.logIn(email))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await this.chat.close()
  }
}
