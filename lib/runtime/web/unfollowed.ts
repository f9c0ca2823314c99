import { RookeryError } from "../../protocol/errors.js"
import type { Limits } from "../../protocol/limits.js"

/** Options and limits that a runtime cannot follow, each with the reason and what to do instead. */
export interface Unfollowed {
  readonly options: Readonly<Record<string, string>>
  readonly limits: Readonly<Partial<Record<keyof Limits, string>>>
}

const TCP = "the platform accepts the connections and reads the requests; limit them in front of it, and leave this out"

/** Options that no runtime can follow that hands over requests and whole messages. */
export const BY_FETCH: Unfollowed = {
  options: {
    websocketServer: "it is for Node; the platform's own websockets are used",
  },
  limits: {
    frameBytes: "the platform hands over whole messages; give messageBytes instead",
    tcpConnections: TCP,
    tcpConnectionsPerAddress: TCP,
    halfOpen: TCP,
    handshakeMs: TCP,
    pipelined: TCP,
  },
}

/**
 * Refuses options that the runtime cannot follow: a limit that silently does not hold is worse than none.
 *
 * @param runtime its name, for the message
 * @throws a `RookeryError` with code `bad_option`
 */
export function refuseUnfollowed(
  runtime: string,
  { options, limits }: Unfollowed,
  given: { readonly limits?: Partial<Limits> },
): void {
  const refuse = (name: string, why: string): never => {
    throw new RookeryError("bad_option", `${name} cannot be followed on ${runtime}: ${why}`)
  }
  for (const [name, why] of Object.entries(options)) {
    const value: unknown = (given as Record<string, unknown>)[name]
    // These values ask for nothing.
    if (value !== undefined && value !== false && value !== "close") refuse(name, why)
  }
  for (const [name, why] of Object.entries(limits)) {
    const value = given.limits?.[name as keyof Limits]
    if (value !== undefined && value !== Infinity) refuse(`limits.${name}`, why)
  }
}
