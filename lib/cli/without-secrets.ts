/** A URL, even an invalid one, without its query and password, because printed text may end up in a log. */
export function withoutSecrets(text: string): string {
  return text.replace(/[?#].*/s, "").replace(/^([a-z+]*:\/*)?[^/]*@/i, "$1")
}
