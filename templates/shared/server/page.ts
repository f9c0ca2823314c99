import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { RequestListener, Server } from "node:http"
import { extname, join } from "node:path"

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
}

/** Serves the page while you work on it: Vite compiles each file when it is asked for, and reloads what you change. */
export async function pageByVite(http: Server): Promise<RequestListener> {
  const { createServer } = await import("vite")
  const vite = await createServer({ server: { middlewareMode: true, hmr: { server: http } } })
  return vite.middlewares
}

/** Serves a built page. Its files are read once: nothing else of the disk can be asked for. */
export function pageOfFolder(folder: string): RequestListener {
  if (!existsSync(folder)) throw new Error(`there is no ${folder}: run \`npm run build\` first`)
  const files = new Map<string, Buffer>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(path.slice(folder.length).replaceAll("\\", "/"), readFileSync(path))
  }
  return ({ url = "/" }, response) => {
    const [asked = "/"] = url.split("?")
    const path = asked === "/" ? "/index.html" : asked
    const body = files.get(path)
    if (body === undefined) return void response.writeHead(404).end("not found")
    const headers: Record<string, string> = { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }
    // Vite puts a hash of what is inside into the names of this folder.
    if (path.startsWith("/assets/")) headers["cache-control"] = "public, max-age=31536000, immutable"
    response.writeHead(200, headers).end(body)
  }
}
