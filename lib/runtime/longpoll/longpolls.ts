import type { Admission } from "../../server/admission/admission.js"
import type { Entrances } from "../../server/admission/entrances.js"
import type { TransportServices } from "../../server/process/services.js"
import { LongPoll } from "./longpoll.js"

/** The long-poll transports of an endpoint, one for each path. */
export class LongPolls {
  readonly #services: TransportServices
  readonly #entrances: Entrances
  readonly #mark: string
  readonly #byAdmission = new Map<Admission, LongPoll>()

  /** @param mark the prefix of the session tokens, see {@link LongPoll} */
  constructor(services: TransportServices, entrances: Entrances, mark = "") {
    this.#services = services
    this.#entrances = entrances
    this.#mark = mark
  }

  /** The long-poll transport at a path; `undefined` if the path has none. */
  find(path: string): LongPoll | undefined {
    const admission = this.#entrances.find("longpoll", path)
    if (admission === undefined) return undefined
    let longpoll = this.#byAdmission.get(admission)
    if (longpoll === undefined) {
      longpoll = new LongPoll(this.#services, admission, this.#mark)
      this.#byAdmission.set(admission, longpoll)
    }
    return longpoll
  }
}
