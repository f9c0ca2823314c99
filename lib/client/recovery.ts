import type { Message } from "../protocol/message.js"
import { RECOVER, type RecoverRequest, type RecoverResponse } from "../protocol/recovery.js"

type Seen = { -readonly [Part in keyof RecoverRequest]: RecoverRequest[Part] }

/** What a channel that recovers has seen of its topic. */
export class SeenHistory {
  readonly #seen: Seen

  /** @param id what the client goes by at the server */
  constructor(id: string) {
    this.#seen = { id }
  }

  /** The params of a join, with what the server has to know. */
  request(params: object | undefined): object {
    return { ...params, [RECOVER]: this.#seen }
  }

  /** Reads the answer to a join: whether all is there or on its way; `undefined` at the first, which misses nothing. */
  answered(response: unknown): boolean | undefined {
    const seen = this.#seen
    const first = seen.epoch === undefined
    // A server that knows nothing of this knows nothing of what was missed.
    const { epoch, offset, recovered } = ((response as { [RECOVER]?: RecoverResponse } | null)?.[RECOVER] ??
      {}) as Partial<RecoverResponse>
    if (!recovered) {
      seen.epoch = epoch ?? ""
      seen.offset = offset ?? 0
    }
    return first ? undefined : !!recovered
  }

  /** Notes a message; `false` for one that came before, by an earlier join whose answer took too long. */
  isNew({ offset, join_ref }: Message): boolean {
    if (!offset) return true
    if (!join_ref && offset <= (this.#seen.offset ?? 0)) return false
    this.#seen.offset = offset
    return true
  }
}
