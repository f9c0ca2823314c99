/**
 * Params as Plug reads them: `user[name]=ada` for an object, `tags[0]=a` for an array, as phoenix.js writes them. `null`
 * and `undefined` leave no trace.
 */
function pairsOf(params: object, parent?: string): string[] {
  return Object.entries(params).flatMap(([key, value]) => {
    const name = parent ? `${parent}[${key}]` : key
    if (value === null || value === undefined) return []
    return typeof value === "object"
      ? pairsOf(value, name)
      : `${encodeURIComponent(name)}=${encodeURIComponent(value as string)}`
  })
}

/** A URL with params added to the query that it may have already. */
export function appendQuery(url: string, params: object): string {
  const query = pairsOf(params).join("&")
  return query ? url + (url.includes("?") ? "&" : "?") + query : url
}
