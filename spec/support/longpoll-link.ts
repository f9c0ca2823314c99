import { expect } from "vitest"
import { longPoll } from "../../lib/transport/longpoll.js"
import type { Link, LinkOptions } from "../../lib/transport/transport.js"
import { FakeFetch, type FakeRequest } from "./fake-fetch.js"
import { LinkLog, linkOptions } from "./link-log.js"

export const URL_OF_SOCKET = "ws://host/socket/websocket?user=ada&vsn=2.0.0"

/** Lets all promises settle and all current tasks run. */
export const tasks = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

export function start(options: Partial<LinkOptions> = {}): { http: FakeFetch; log: LinkLog; link: Link } {
  const http = new FakeFetch()
  const log = new LinkLog()
  const link = longPoll({ fetch: http.fetch }).open(URL_OF_SOCKET, linkOptions(URL_OF_SOCKET, options), log)
  return { http, log, link }
}

/** A link with a session, and the poll that waits for the server's messages. */
export async function opened(
  options?: Partial<LinkOptions>,
): Promise<{ http: FakeFetch; log: LinkLog; link: Link; poll: FakeRequest }> {
  const started = start(options)
  const first = await started.http.polls.next()
  first.answer({ status: 410, token: "t1", messages: [] })
  expect(await started.log.next()).toEqual(["open", { textOnly: true, skipHeartbeat: true }])
  return { ...started, poll: await started.http.polls.next() }
}
