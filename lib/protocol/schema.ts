import type { Loose } from "./contract.js"

/** A fault that a schema found: a message, and its place. */
export interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The result of a schema for a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

/** A schema of any library that follows Standard Schema: zod, valibot, arktype and others. */
export interface Schema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** The parts of a push, as schemas. The payload's also checks what comes in. */
export interface SendSchemas {
  payload?: Schema<Loose, Loose>
  ok?: Schema<Loose, Loose>
  error?: Schema<Loose, Loose>
}

/** The parts of a topic, as schemas. Those of `params` and of payloads also check what comes in; the rest are types. */
export interface TopicSchemas {
  params?: Schema<Loose, Loose>
  joined?: Schema<Loose, Loose>
  refused?: Schema<Loose, Loose>
  receives?: Record<string, Schema<Loose, Loose>>
  sends?: Record<string, SendSchemas>
  presence?: Schema<Loose, Loose>
}

/** Schemas by topic pattern. */
export type ContractSchemas = Record<string, TopicSchemas>

type InputOf<S> = S extends Schema<infer I, Loose> ? I : never
type OutputOf<S> = S extends Schema<Loose, infer O> ? O : never

type InputsOf<S> = { [K in keyof S]: InputOf<S[K]> }
type ServerSend<S> = { [K in keyof S]: K extends "payload" ? OutputOf<S[K]> : InputOf<S[K]> }

/**
 * The types of a contract of schemas, as a client sees them: on the wire is what goes into a schema, in both directions. A
 * client parses nothing, so it gets no `Date` where a schema makes one of text.
 */
export type ClientTopics<C> = {
  [P in keyof C]: {
    [K in keyof C[P]]: K extends "sends"
      ? { [E in keyof C[P][K]]: InputsOf<C[P][K][E]> }
      : K extends "receives"
        ? InputsOf<C[P][K]>
        : InputOf<C[P][K]>
  }
}

/** The types of a contract of schemas, as a server sees them: what it gets is what comes out of a schema. */
export type ServerTopics<C> = {
  [P in keyof C]: {
    [K in keyof C[P]]: K extends "sends"
      ? { [E in keyof C[P][K]]: ServerSend<C[P][K][E]> }
      : K extends "receives"
        ? { [E in keyof C[P][K]]: InputOf<C[P][K][E]> }
        : K extends "params"
          ? OutputOf<C[P][K]>
          : InputOf<C[P][K]>
  }
}

/** A contract as a value: the types of both ends, and the schemas if there are any. */
export interface TopicContract<Server = unknown, Client = Server> {
  readonly schemas: ContractSchemas
  /** Types only: what the two ends see. */
  readonly types?: { readonly server: Server; readonly client: Client }
}

/**
 * One contract for both ends: types alone, `contract<Topics>()`, or schemas by topic pattern, which give the types and
 * check what clients send.
 *
 * ```ts
 * const topics = contract({ "room:*": { sends: { new_msg: { payload: z.object({ text: z.string() }) } } } })
 * ```
 */
export function contract<Topics>(): TopicContract<Topics>
export function contract<const C extends ContractSchemas>(schemas: C): TopicContract<ServerTopics<C>, ClientTopics<C>>
export function contract(schemas: ContractSchemas = {}): TopicContract<Loose, Loose> {
  return { schemas }
}
