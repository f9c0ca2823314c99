import { channelClosed, unanswered } from "../protocol/errors.js"
import type { Ref } from "../protocol/message.js"
import { refWithId } from "../protocol/push-id.js"
import { addToBuffer } from "./bounded-buffer.js"
import type { ChannelHost } from "./channel-host.js"
import type { Push } from "./push.js"

/** The channel of a {@link PushQueue}. */
export interface PushQueueOwner {
  readonly socket: ChannelHost
  /** Sends a message of the current join. */
  post(event: string, payload: unknown, ref: Ref, push: Push): void
}

/**
 * The pending pushes of a channel, and their timeouts. Changes the state of each push, but does not call the channel.
 */
export class PushQueue {
  readonly #channel: PushQueueOwner
  /** Pushes that wait for the join. */
  readonly #waiting = new Set<Push>()
  /** Pushes that are queued in the socket or in flight, by ref, in the order of their sending. */
  readonly #sent = new Map<Ref, Push>()

  constructor(channel: PushQueueOwner) {
    this.#channel = channel
  }

  /** Keeps a push until the join is answered. Returns the push that a full buffer has no room for, if there is one. */
  wait(push: Push): Push | undefined {
    const { socket } = this.#channel
    // The timeout of a push with `retry` runs only while it is in flight.
    if (!push.retry && !socket.isDestroyed) this.#startTimer(push)
    return addToBuffer(this.#waiting, push, socket.options)
  }

  /** Hands a push to the socket. */
  send(push: Push): void {
    const { socket } = this.#channel
    let ref = socket.makeRef()
    if (push.retry) ref = refWithId(ref, (push.id ??= socket.options.id + ref))
    push.queuedAs(ref)
    this.#startTimer(push)
    this.#sent.set(ref, push)
    this.#channel.post(push.event, push.payload, ref, push)
  }

  /** Sends the pushes that waited for the join. */
  sendWaiting(): void {
    for (const push of this.#waiting) {
      this.#waiting.delete(push)
      this.send(push)
    }
  }

  /** Settles the push to which an answer belongs, if there is one. */
  answer(ref: Ref, status: string, response: unknown): void {
    const push = this.#sent.get(ref)
    if (push) this.#settle(push, status, response)
  }

  /** After a lost connection or a crash of the channel: rejects the pushes that cannot be sent again, keeps the others. */
  interrupt(connectionLost: boolean): void {
    for (const push of this.#sent.values()) {
      // A push with `retry` survives one crash: a push that crashes its channel twice is probably the cause.
      if (!push.wasWritten || (push.retry && (connectionLost || !push.sawCrash))) {
        push.sawCrash ||= !connectionLost && push.wasWritten
        if (push.retry) push.stopTimer()
        this.remove(push)
        this.#waiting.add(push)
      } else this.reject(push, unanswered(push, connectionLost))
    }
  }

  /** Rejects the promise of a push that will not be answered. `receive("timeout")` still fires if its timer runs. */
  reject(push: Push, error: Error): void {
    if (push.timer !== undefined) this.#channel.socket.lateTimeouts.add(push)
    this.remove(push)
    push.settle(error)
  }

  /** Rejects all pushes, because the channel is closed. */
  rejectAll(): void {
    for (const push of [...this.#sent.values(), ...this.#waiting]) {
      this.reject(push, channelClosed(push))
    }
  }

  /** Forgets a push: its answer is not expected, and it is not sent if it waits. */
  remove(push: Push): void {
    this.#sent.delete(push.ref)
    this.#waiting.delete(push)
    push.ref = null
  }

  #settle(push: Push, status: string, response: unknown): void {
    this.remove(push)
    this.#channel.socket.lateTimeouts.delete(push)
    push.answer(status, response)
  }

  #startTimer(push: Push): void {
    push.startTimer(() => this.#settle(push, "timeout", {}))
  }
}
