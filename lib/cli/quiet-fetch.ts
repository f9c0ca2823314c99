/**
 * A `fetch` with further headers. Its errors do not quote the URL or a header, as those of a request that cannot be
 * sent do.
 */
export function quietFetch(headers: Record<string, string>): typeof fetch {
  return async (input, init) => {
    try {
      return await fetch(input, { ...init, headers: { ...headers, ...(init?.headers as object) } })
    } catch (error) {
      throw /\b(URL|header)/.test(String(error)) ? new TypeError("this URL, or a header, cannot be sent") : error
    }
  }
}
