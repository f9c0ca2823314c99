import { createServer, type AddressInfo, type Server } from "node:net"

/** A mail as it came over the wire. */
export interface Mailed {
  from: string
  to: string[]
  /** Headers and text, lines ended by \n. */
  data: string
  /** The client's credentials, if it logged in. */
  login: string | undefined
}

/** A mail server that accepts every mail and delivers none. */
export class SmtpSink implements AsyncDisposable {
  readonly mails: Mailed[] = []
  readonly #server: Server
  #waiting: (() => void)[] = []
  /** Whether it rejects every mail. */
  refuses = false

  private constructor() {
    this.#server = createServer((socket) => {
      let mail: Mailed = { from: "", to: [], data: "", login: undefined }
      let inData = false
      let rest = ""
      const say = (line: string): void => void socket.write(`${line}\r\n`)
      const line = (text: string): void => {
        if (inData) {
          if (text !== ".") return void (mail.data += `${text.replace(/^\./, "")}\n`)
          inData = false
          this.#take(mail)
          mail = { from: "", to: [], data: "", login: mail.login }
          return say("250 taken")
        }
        const [, address = ""] = /<(.*)>/.exec(text) ?? []
        if (/^EHLO/i.test(text)) return void socket.write("250-sink\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n")
        if (/^AUTH PLAIN /i.test(text)) {
          mail.login = Buffer.from(text.slice(11), "base64").toString().replaceAll("\0", " ").trim()
          return say("235 welcome")
        }
        if (/^MAIL FROM/i.test(text)) mail.from = address
        if (/^RCPT TO/i.test(text)) {
          if (this.refuses) return say("550 nobody lives here")
          mail.to.push(address)
        }
        if (/^DATA/i.test(text)) {
          inData = true
          return say("354 go on")
        }
        if (/^QUIT/i.test(text)) return void socket.end("221 bye\r\n")
        say("250 ok")
      }
      socket.setEncoding("utf8")
      socket.on("data", (chunk: string) => {
        const lines = (rest + chunk).split("\r\n")
        rest = lines.pop() ?? ""
        lines.forEach(line)
      })
      socket.on("error", () => {})
      say("220 sink")
    })
  }

  /** Listens on a free port of this machine. */
  static async open(): Promise<SmtpSink> {
    const sink = new SmtpSink()
    await new Promise<void>((resolve) => sink.#server.listen(0, "127.0.0.1", resolve))
    return sink
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The next mail after those of earlier calls. */
  async next(): Promise<Mailed> {
    while (this.mails.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.mails.shift() as Mailed
  }

  #take(mail: Mailed): void {
    this.mails.push(mail)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
