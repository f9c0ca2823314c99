/** A URL, or what was meant as one, without its query and its password: what is said may be kept in a log. */
export function withoutSecrets(text: string): string {
  return text.replace(/[?#].*/s, "").replace(/^([a-z+]*:\/*)?[^/]*@/i, "$1")
}
