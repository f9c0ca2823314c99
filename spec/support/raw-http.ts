import { connect } from "node:net"

/** An answer as it came over the connection. */
export interface RawAnswer {
  readonly status: number
  /** By lower-case names; the values of a repeated header are joined by a line break. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The whole answer. */
  readonly text: string
}

function read(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n")
  const [first = "", ...lines] = text.slice(0, end).split("\r\n")
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(":")
    const name = line.slice(0, at).toLowerCase()
    const value = line.slice(at + 1).trim()
    headers[name] = name in headers ? `${headers[name]}\n${value}` : value
  }
  return { status: Number(first.split(" ")[1]), headers, body: text.slice(end + 4), text }
}

/** Sends a request exactly as written, even with headers that no client would send, and returns the first answer. */
export function rawRequest(
  port: number,
  line: string,
  headers: readonly (readonly [name: string, value: string])[] = [],
  body = "",
): Promise<RawAnswer> {
  const said = headers.some(([name]) => name.toLowerCase() === "host") ? headers : [["host", "127.0.0.1"], ...headers]
  const length = body === "" ? [] : [["content-length", String(Buffer.byteLength(body))]]
  const all = [...said, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join("")
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1")
    let text = ""
    socket.setEncoding("latin1")
    const whole = (): boolean => {
      const end = text.indexOf("\r\n\r\n")
      if (end === -1) return false
      const { status, headers: told } = read(text)
      if (status === 101 || line.startsWith("HEAD ")) return true
      return told["content-length"] !== undefined && text.length >= end + 4 + Number(told["content-length"])
    }
    const settle = (): void => {
      socket.destroy()
      if (text.includes("\r\n\r\n")) resolve(read(text))
      else reject(new Error(`the connection ended after ${JSON.stringify(text)}`))
    }
    socket.on("data", (chunk: string) => {
      text += chunk
      if (whole()) settle()
    })
    socket.on("close", settle)
    socket.on("error", reject)
    socket.write(Buffer.from(`${line} HTTP/1.1\r\n${all}\r\n${body}`, "latin1"))
  })
}

/** Requests an upgrade, with these headers. */
export function rawUpgrade(
  port: number,
  path: string,
  headers: readonly (readonly [name: string, value: string])[] = [],
): Promise<RawAnswer> {
  return rawRequest(port, `GET ${path}`, [
    ...headers,
    ["connection", "Upgrade"],
    ["upgrade", "websocket"],
    ["sec-websocket-version", "13"],
    ["sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="],
  ])
}
