import type * as Capnweb from "capnweb"
import { RookeryError } from "rookery"

/** The library, which comes only with those who use it. */
export async function loadCapnweb(): Promise<typeof Capnweb> {
  try {
    return await import("capnweb")
  } catch (cause) {
    throw new RookeryError("bad_option", "RPC needs the package capnweb: npm install capnweb", cause)
  }
}

/** Whether that is why there is no session. */
export const isMissing = (error: unknown): boolean => error instanceof RookeryError && error.code === "bad_option"
