import type * as Capnweb from "capnweb"
import { RookeryError } from "rookery"

/** Loads the library, which is an optional peer dependency. */
export async function loadCapnweb(): Promise<typeof Capnweb> {
  try {
    return await import("capnweb")
  } catch (cause) {
    throw new RookeryError("bad_option", "RPC needs the package capnweb: npm install capnweb", cause)
  }
}

/** Whether the missing library is why there is no session. */
export const isMissing = (error: unknown): boolean => error instanceof RookeryError && error.code === "bad_option"
