/** A program to begin with. */
export interface Example {
  /** Names it in a link. */
  readonly id: string
  readonly title: string
  readonly code: string
}

const CODE: Readonly<Record<string, string>> = import.meta.glob<string>("./examples/*.ts", {
  query: "?raw",
  import: "default",
  eager: true,
})

const example = (id: string, title: string): Example => {
  const code = CODE[`./examples/${id}.ts`]
  if (code === undefined) throw new Error(`site/playground/examples has no ${id}.ts`)
  return { id, title, code }
}

export const EXAMPLES: readonly [Example, ...Example[]] = [
  example("rooms", "Rooms and replies"),
  example("presence", "Presence"),
  example("recovery", "Recovery after a cut"),
  example("contract", "Typed contract"),
  example("msgpack", "MessagePack"),
]
