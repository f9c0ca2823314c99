import type { Admission } from "./admission.js"
import type { TransportName } from "../api/socket.js"

/** A path without the slashes at its end. */
export const withoutSlash = (path: string): string => path.replace(/\/+$/, "")

/** The paths that an endpoint serves, by transport. */
export class Entrances {
  readonly #admissions = new Map<string, Admission>()

  /** Serves clients of a transport at exactly this path. */
  add(transport: TransportName, path: string, admission: Admission): void {
    this.#admissions.set(`${transport} ${path}`, admission)
  }

  find(transport: TransportName, path: string): Admission | undefined {
    return this.#admissions.get(`${transport} ${path}`)
  }
}
