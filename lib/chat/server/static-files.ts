import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import type { IncomingMessage, ServerResponse } from "node:http"
import { extname, join } from "node:path"
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

/** A folder of files, read once: what is not in it then can be reached by no path. */
export class StaticFiles {
  readonly #files = new Map<string, StaticFile>()

  constructor(folder: string) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(entry.name)]
      if (!entry.isFile() || type === undefined) continue
      const path = join(entry.parentPath, entry.name)
      const body = readFileSync(path)
      const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`
      this.#files.set(path.slice(folder.length).replaceAll("\\", "/").replace(/^\/?/, "/"), { type, body, etag })
    }
    const index = this.#files.get("/index.html")
    if (index !== undefined) this.#files.set("/", index)
  }

  /** Answers a request for one of them; `false` if it is for none. */
  serve(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    const file = this.#files.get(path)
    if (file === undefined) return false
    const { type, body, etag } = file
    const headers = { etag, "cache-control": "no-cache" }
    if (request.headers["if-none-match"] === etag) sendEmpty(response, 304, headers)
    else sendBody(response, 200, type, body, headers)
    return true
  }
}
