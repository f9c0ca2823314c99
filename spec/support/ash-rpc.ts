// In the shape that ash_typescript documents for `generate_phx_channel_rpc_actions: true`, with
// `phoenix_import_path: "rookery"`: https://hexdocs.pm/ash_typescript/phoenix-channels.html
// The specs do not run the generator. This import has its form: a value that is used as a type.
// oxlint-disable-next-line typescript/consistent-type-imports
import { Channel } from "rookery"

/** The reply of an action. */
export type CreateTodoResult =
  | { success: true; data: { id: string; title: string } }
  | { success: false; errors: { type: string; message: string; fields: string[] }[] }

interface CreateTodoConfig {
  channel: Channel
  input: { title: string }
  fields: ("id" | "title")[]
  resultHandler: (result: CreateTodoResult) => void
  errorHandler?: (error: unknown) => void
  timeoutHandler?: () => void
  timeout?: number
}

/** Runs the action `create_todo` by a push to a joined channel. */
export function createTodoChannel({ channel, input, fields, timeout, ...config }: CreateTodoConfig): void {
  channel
    .push("run", { action: "create_todo", input, fields }, timeout)
    .receive("ok", config.resultHandler)
    .receive("error", (error) => config.errorHandler?.(error))
    .receive("timeout", () => config.timeoutHandler?.())
}
