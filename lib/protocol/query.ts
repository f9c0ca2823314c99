/**
 * Params as Plug reads them: `user[name]=ada` for an object, `tags[0]=a` for an array, as phoenix.js writes them. `null`
 * and `undefined` leave no trace.
 */
export function encodeQuery(params: object, parent?: string): string {
  const parts: string[] = []
  for (const [key, value] of Object.entries(params)) {
    const name = parent === undefined ? key : `${parent}[${key}]`
    if (value === null || value === undefined) continue
    const part =
      typeof value === "object"
        ? encodeQuery(value, name)
        : `${encodeURIComponent(name)}=${encodeURIComponent(value as string)}`
    if (part !== "") parts.push(part)
  }
  return parts.join("&")
}

/** A URL with params added to the query that it may have already. */
export function appendQuery(url: string, params: object): string {
  const query = encodeQuery(params)
  return query === "" ? url : url + (url.includes("?") ? "&" : "?") + query
}
