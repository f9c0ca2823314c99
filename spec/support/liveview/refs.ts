/** Maps refs of the recording to refs of the client, on one connection. */
export class Refs {
  readonly #actual = new Map<string | null, string | null>([[null, null]])

  /** Notes that a client's ref stands for a ref of the recording. */
  pair(recorded: string | null, actual: string | null): void {
    this.#actual.set(recorded, actual)
  }

  /** The client's ref; `undefined` for one that the client has not used. */
  actual(recorded: string | null): string | null | undefined {
    return this.#actual.get(recorded)
  }
}
