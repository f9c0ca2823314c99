import { createHash } from "node:crypto"
import { readdirSync, readFileSync, type Dirent } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { extname, join, relative, sep } from "node:path"
import { RookeryError } from "rookery/server/node"
import { sendBody, sendEmpty } from "./http.js"

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
}

interface StaticFile {
  readonly type: string
  readonly body: Buffer
  readonly etag: string
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch (cause) {
    throw new RookeryError("bad_option", `page: ${folder} cannot be read; pass a folder, or false for no page`, cause)
  }
}

/** The files of a folder, read once, so that no path can reach a file outside of it. */
export class StaticFiles {
  readonly #files = new Map<string, StaticFile>()

  constructor(folder: string) {
    for (const entry of entriesOf(folder)) {
      const type = TYPES[extname(entry.name)]
      const path = join(entry.parentPath, entry.name)
      const parts = relative(folder, path).split(sep)
      if (!entry.isFile() || type === undefined || parts.some((part) => part.startsWith("."))) continue
      const body = readFileSync(path)
      const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`
      const name = `/${parts.map(encodeURIComponent).join("/")}`
      this.#files.set(name, { type, body, etag })
      // A page can also be requested without the ending `.html`.
      if (name.endsWith(".html")) this.#files.set(name.slice(0, -".html".length), { type, body, etag })
    }
    const index = this.#files.get("/index.html")
    if (index !== undefined) this.#files.set("/", index)
  }

  has(path: string): boolean {
    return this.#files.has(path)
  }

  /** Answers a request for one of the files; `false` for any other request. */
  serve(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const file = this.#files.get(path)
    if (file === undefined) return false
    const { type, body, etag } = file
    const headers = { etag, "cache-control": "no-cache" }
    const known = request.headers["if-none-match"]?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? []
    if (known.includes(etag) || known.includes("*")) sendEmpty(response, 304, headers)
    else sendBody(response, 200, type, body, headers)
    return true
  }
}
