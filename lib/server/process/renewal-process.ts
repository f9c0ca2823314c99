import { PHOENIX_TOPIC } from "../../protocol/events.js"
import type { Message, Ref } from "../../protocol/message.js"
import type { RenewalResponse } from "../../protocol/renewal.js"
import type { RenewCredentials } from "../admission/renewal.js"
import { isRefused } from "../api/reply.js"
import type { SocketClient } from "./client-table.js"
import type { SocketServices } from "./services.js"

/** The socket whose credentials are renewed. */
export interface RenewingSocket extends SocketClient {
  reply(join_ref: Ref, ref: Ref, topic: string, status: string, response: unknown): void
  /** Something of ours failed. */
  fail(error: unknown): void
}

/** Renews the credentials of one client, one renewal at a time. */
export class RenewalProcess {
  readonly #socket: RenewingSocket
  readonly #services: Pick<SocketServices, "expiries" | "telemetry">
  readonly #renew: RenewCredentials
  #isBusy = false

  constructor(
    socket: RenewingSocket,
    services: Pick<SocketServices, "expiries" | "telemetry">,
    renew: RenewCredentials,
  ) {
    this.#socket = socket
    this.#services = services
    this.#renew = renew
  }

  /** Handles a `phx_renew`, and answers it. */
  receive({ ref, payload }: Message, isAllowed: boolean): void {
    if (this.#isBusy || !isAllowed) return this.#answer(ref, "error", { reason: "too many renewals" })
    this.#isBusy = true
    this.#ask(ref, payload).catch((error: unknown) => this.#socket.fail(error))
  }

  async #ask(ref: Ref, payload: unknown): Promise<void> {
    const { expiries, telemetry } = this.#services
    const socket = this.#socket
    try {
      const expiresAt = await this.#renew(payload, socket)
      if (!socket.connected) return
      if (expiresAt !== undefined) expiries.set(socket, expiresAt)
      const left = expiries.left(socket)
      const response: RenewalResponse = left === Infinity ? {} : { expires_in: left }
      this.#answer(ref, "ok", response)
    } catch (error) {
      if (!isRefused(error)) telemetry.failed(error, "renew", undefined, socket)
      this.#answer(ref, "error", isRefused(error) ? error.response : { reason: "renew crashed" })
    } finally {
      this.#isBusy = false
    }
  }

  #answer(ref: Ref, status: string, response: unknown): void {
    this.#socket.reply(null, ref, PHOENIX_TOPIC, status, response)
  }
}
