import type { IncomingMessage } from "node:http"
import { isLoopback, isLocalName } from "./public-url.js"

/**
 * The people of the one-click log-in. Their addresses end in `@localhost`, which no mail reaches: none is a person's own.
 */
const PEOPLE = ["ada", "grace", "alan", "barbara", "edsger", "katherine"].map((name) => ({
  email: `${name}@localhost`,
  name: name[0]?.toUpperCase() + name.slice(1),
}))

/** A proxy adds these. Behind one every client seems to come from this machine. */
const OF_PROXIES = /^(?:forwarded|via|x-(?:forwarded|real|original|client)-.+|(?:cf|true|fastly|fly)-.*ip)$/

/** The name in a `Host` header, without its port. */
const nameOf = (host: string): string => host.replace(/:\d+$/, "").toLowerCase()

/**
 * Whether a request comes from this machine: its TCP connection has loopback at both ends, it asks for a name of this
 * machine, and nothing says that a proxy passed it on. A page of another site that has its name resolve to 127.0.0.1
 * sends that name as `Host`. A proxy that adds no header speaks HTTP/1.0, unless it was told otherwise.
 */
export function isLocalRequest({ headers, socket, httpVersion }: IncomingMessage): boolean {
  return (
    isLoopback(socket.localAddress ?? "") &&
    isLoopback(socket.remoteAddress ?? "") &&
    isLocalName(nameOf(headers.host ?? "")) &&
    httpVersion === "1.1" &&
    !Object.keys(headers).some((name) => OF_PROXIES.test(name))
  )
}

/** The first of the people who is not connected, so that a second browser is a second person. */
export const nextLocalPerson = (isHere: (email: string) => boolean): { email: string; name: string } =>
  PEOPLE.find(({ email }) => !isHere(email)) ?? (PEOPLE[0] as { email: string; name: string })
