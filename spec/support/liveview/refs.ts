/** Which ref of the client stands for which of the recording, on one connection. */
export class Refs {
  readonly #actual = new Map<string | null, string | null>([[null, null]])

  /** Notes that a frame of the client is a frame of the recording. */
  pair(recorded: string | null, actual: string | null): void {
    this.#actual.set(recorded, actual)
  }

  /** The client's own ref; `undefined` for one that the client has not used. */
  actual(recorded: string | null): string | null | undefined {
    return this.#actual.get(recorded)
  }
}
