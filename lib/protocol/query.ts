/**
 * Params as Plug reads them: `user[name]=ada` for an object, `tags[0]=a` for an array, as phoenix.js writes them.
 * `null` and `undefined` are omitted.
 */
export function encodeQuery(params: object, parent?: string): string {
  const parts = Object.entries(params).flatMap(([key, value]) => {
    const name = parent === undefined ? key : `${parent}[${key}]`
    if (value === null || value === undefined) return []
    if (typeof value === "object") return encodeQuery(value, name) || []
    return `${encodeURIComponent(name)}=${encodeURIComponent(value as string)}`
  })
  return parts.join("&")
}

/** A URL with params added to its query. */
export function appendQuery(url: string, params: object): string {
  const query = encodeQuery(params)
  return query ? url + (url.includes("?") ? "&" : "?") + query : url
}

/** Params as decoded from a query: text, lists (`a[]=1`) and maps (`a[b]=1`), without a prototype. */
export interface QueryParams {
  [key: string]: QueryValue
}
/** One value of {@link QueryParams}. */
export type QueryValue = string | QueryValue[] | QueryParams

/** Deeper than any params in practice: one key with a thousand brackets must not create a thousand objects. */
const MAX_DEPTH = 32

const bare = (): QueryParams => Object.create(null) as QueryParams

function decodePart(text: string): string {
  // Throws a URIError for a lone percent sign, and for bytes that are not UTF-8, as Plug does.
  return decodeURIComponent(text.replace(/\+/g, " "))
}

function assign(into: QueryParams, path: readonly string[], value: string): void {
  let map = into
  for (let i = 0; ; i++) {
    const key = path[i] as string
    if (i === path.length - 1) {
      map[key] = value
      return
    }
    const current = map[key]
    if (path[i + 1] === "" && i === path.length - 2) {
      if (Array.isArray(current)) current.push(value)
      else map[key] = [value]
      return
    }
    const isMap = typeof current === "object" && !Array.isArray(current)
    map = isMap ? current : ((map[key] = bare()) as QueryParams)
  }
}

/**
 * A query as Plug reads it: brackets create maps and lists, and the last of a repeated name wins. Throws a `URIError`
 * if the decoded bytes are not UTF-8.
 */
export function decodeQuery(query: string): QueryParams {
  const params = bare()
  for (const part of query.split("&")) {
    if (part === "") continue
    const equals = part.indexOf("=")
    const name = decodePart(equals === -1 ? part : part.slice(0, equals))
    const value = equals === -1 ? "" : decodePart(part.slice(equals + 1))
    const open = name.indexOf("[")
    if (open > 0 && name.endsWith("]")) {
      const keys = name.slice(open + 1, -1).split("][", MAX_DEPTH)
      assign(params, [name.slice(0, open), ...keys], value)
    } else {
      params[name] = value
    }
  }
  return params
}
