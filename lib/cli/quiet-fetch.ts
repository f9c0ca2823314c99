/** A `fetch` with further headers. The error of a request that cannot be sent at all would quote its URL, or a header. */
export function quietFetch(headers: Record<string, string>): typeof fetch {
  return async (input, init) => {
    try {
      return await fetch(input, { ...init, headers: { ...headers, ...(init?.headers as object) } })
    } catch (error) {
      throw /\b(URL|header)/.test(String(error)) ? new TypeError("this URL, or a header, cannot be sent") : error
    }
  }
}
