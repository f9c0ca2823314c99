import { Fault } from "./answers.js"
import { OWN_HEADER } from "./wire.js"

/** Whether a browser says that a request comes from another page; `undefined` if nothing is said. */
function isForeign({ headers, url }: Request): boolean | undefined {
  const site = headers.get("sec-fetch-site")
  if (site !== null) return site !== "same-origin" && site !== "none"
  const origin = headers.get("origin")
  if (origin === null) return undefined
  if (!URL.canParse(origin)) return true
  return new URL(origin).host !== (headers.get("host") ?? new URL(url).host)
}

/** Refuses a request for data that a page of another origin makes. */
export function checkOrigin(request: Request): void {
  if (isForeign(request) === true) throw new Fault(403, "this does not come from the inspector's own page")
}

/** Refuses a request to act that a page of another origin could have made a browser send. */
export function checkAction(request: Request): void {
  checkOrigin(request)
  if (request.headers.get(OWN_HEADER) === null) throw new Fault(403, `a POST needs the header ${OWN_HEADER}: 1`)
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase()
  if (type !== "application/json") throw new Fault(415, "send application/json")
}
